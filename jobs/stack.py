"""The processes of the local stack, their environment, and the wiring of what a command acts on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from components.adapters.envoy.router import EnvoyRouter
from components.adapters.mlflow.aliases import MlflowAliases
from components.adapters.slots.followed import FollowedSlots
from components.adapters.slots.supervised import SupervisedSlots
from components.adapters.slots.supervisor import Program, Supervisor
from components.adapters.store.engine import open_engine
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.adapters.store.traffic.canary_traffic import SqlTraffic
from components.config.settings import Settings
from components.rollout.ports import Router, Slots, World
from components.rollout.routing import SLOTS
from jobs.errors import NothingThereError

WORK_POOL = "recops"
LOCAL_LLM = "llm"
SHADOW = "shadow"
NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "1",
    "BENTOML_DO_NOT_TRACK": "true",
    "OTEL_SDK_DISABLED": "true",
}


def stack_environment(settings: Settings) -> dict[str, str]:
    """The environment of all processes of the stack: the caller's own, which holds the secrets, and our settings."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # without cached bytecode each start imports for seconds longer
    environment.update(NO_TELEMETRY)
    environment.update(
        {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(settings.project),
            "RECOPS_PROJECT": str(settings.project),
            "RECOPS_HOME": str(settings.root),
            "RECOPS_STACK": stack_mark(settings),
            "PREFECT_HOME": str(settings.root / "prefect"),
            "PREFECT_API_URL": settings.prefect_api_url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.5",
            "MLFLOW_TRACKING_URI": settings.mlflow_url,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "GIT_PYTHON_REFRESH": "quiet",
        }
    )
    return environment


def stack_mark(settings: Settings) -> str:
    """What marks the processes of this stack in their environment."""
    return settings.runtime_folder.name


def programs(settings: Settings) -> list[Program]:
    """All processes of the stack. The worker and the slots are started when what they need is there."""
    python, root = sys.executable, settings.root
    bin_folder = Path(python).parent
    serving = {"RECOPS_SLOT": "", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return [
        Program(
            "prefect-server",
            [
                str(bin_folder / "prefect"),
                "server",
                "start",
                "--host",
                settings.host,
                "--port",
                str(settings.prefect_port),
            ],
            root,
        ),
        Program(
            "prefect-worker",
            [
                str(bin_folder / "prefect"),
                "worker",
                "start",
                "--pool",
                WORK_POOL,
                "--type",
                "process",
                "--name",
                "local",
            ],
            settings.project,
            start_at_once=False,
            stop_seconds=15,
        ),
        Program(
            "mlflow",
            [
                *(python, "-m", "mlflow", "server", "--workers", "1"),
                *("--host", settings.host, "--port", str(settings.mlflow_port)),
                *("--backend-store-uri", f"sqlite:///{root / 'mlflow.db'}"),
                *("--artifacts-destination", str(root / "mlflow-artifacts")),
            ],
            root,
        ),
        Program(
            "envoy",
            [
                *(str(bin_folder / "envoy"), "-c", str(router(settings).bootstrap_file)),
                *("--disable-hot-restart", "--log-level", "warning", "--concurrency", "1"),
            ],
            root,
        ),
        Program(
            "evidently",
            [
                *(str(bin_folder / "evidently"), "ui", "--workspace", str(root / "monitoring" / "workspace")),
                *("--host", settings.host, "--port", str(settings.evidently_port)),
            ],
            root,
            start_at_once=False,
        ),
        *(
            Program(
                slot,
                [python, "-m", "bentos.slot", slot],
                root,
                {**serving, "RECOPS_SLOT": slot},
                start_at_once=False,
                stop_seconds=20,
            )
            for slot in SLOTS
        ),
        Program(
            SHADOW,
            [python, "-m", "jobs.prompts.shadow_worker"],
            settings.project,
            {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_at_once=False,
        ),
        Program(
            LOCAL_LLM,
            [python, "-m", "components.adapters.llm.local_server"],
            root,
            {"OMP_NUM_THREADS": "1"},
            start_at_once=False,
        ),
    ]


def ports(settings: Settings) -> dict[str, tuple[int, str]]:
    """Each port that the stack takes, by what listens there, with the setting that moves it."""
    return {
        "gateway": (settings.gateway_port, "RECOPS_GATEWAY_PORT"),
        "blue": (settings.blue_port, "RECOPS_BLUE_PORT"),
        "green": (settings.green_port, "RECOPS_GREEN_PORT"),
        "MLflow": (settings.mlflow_port, "RECOPS_MLFLOW_PORT"),
        "Prefect": (settings.prefect_port, "RECOPS_PREFECT_PORT"),
        "Evidently": (settings.evidently_port, "RECOPS_EVIDENTLY_PORT"),
        "Envoy admin": (settings.envoy_admin_port, "RECOPS_ENVOY_ADMIN_PORT"),
    }


def supervisor(settings: Settings) -> Supervisor:
    """The supervisor of this project's stack."""
    return Supervisor(settings.runtime_folder, settings.logs_folder)


def router(settings: Settings) -> EnvoyRouter:
    """The gateway."""
    endpoints = {slot: settings.slot_endpoints(slot) for slot in SLOTS}
    return EnvoyRouter(
        settings.root / "envoy",
        settings.host,
        settings.gateway_port,
        settings.envoy_admin_port,
        endpoints,
        settings.gateway_host,
    )


def existing_store_url(settings: Settings) -> str:
    """The event store's URL.

    Raises:
        NothingThereError: it is a SQLite file that does not exist yet.
    """
    if settings.event_store_url is None and not (settings.root / "events.db").exists():
        raise NothingThereError(f"there is no event store in {settings.root}; start the stack with `make up`")
    return settings.store_url


def release_store(settings: Settings) -> SqlReleaseStore:
    """The releases in the event store."""
    return SqlReleaseStore(open_engine(existing_store_url(settings)))


def world(settings: Settings) -> World:
    """What promotions, rollbacks and reconciliation act on."""
    traffic = SqlTraffic(open_engine(existing_store_url(settings)))
    return World(
        release_store(settings), slots(settings), routing_router(settings), MlflowAliases(settings.mlflow_url), traffic
    )


def slots(settings: Settings) -> Slots:
    """The two slots: under our supervisor, or in containers that follow the store."""
    if settings.processes == "containers":
        return FollowedSlots(settings.slot_urls, lambda tag: bento_folder(settings, tag))
    return SupervisedSlots(
        supervisor(settings),
        settings.root / "slots",
        settings.logs_folder,
        settings.slot_urls,
        lambda tag: bento_folder(settings, tag),
    )


def routing_router(settings: Settings) -> Router:
    """What sends requests to the slots: our Envoy, or the cluster's gateway."""
    if settings.router == "gateway_api":
        from components.adapters.envoy.gateway_api_router import GatewayApiRouter, cluster_of_pod

        return GatewayApiRouter(cluster_of_pod(os.environ), settings.kubernetes_route)
    return router(settings)


def bento_folder(settings: Settings, tag: str) -> Path:
    """Where the Bento store keeps this tag (`name:version`)."""
    name, version = tag.split(":")
    return settings.root / "bentoml" / "bentos" / name / version
