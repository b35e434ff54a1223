"""The programs of the local stack: what supervisor runs, and which of them it starts at once."""

from __future__ import annotations

import sys
from pathlib import Path

from components.adapters.machine.own_site import local_names
from components.adapters.slots.supervisor import Program
from components.config.settings import Settings
from components.rollout.routing import SLOTS
from jobs.stack.deploy import AHEAD
from jobs.wiring.workbench import Workbench

WORK_POOL = "recops"
WORKER = "prefect-worker"
EVIDENTLY = "evidently"
LOCAL_LLM = "llm"
SHADOW = "shadow"
CONSOLE = "console"
MLFLOW = "mlflow"
PREFECT_APP = "prefect.server.api.server:create_app"
EVIDENTLY_APP = "evidently.ui.service.app:litestar_app"


def programs(bench: Workbench) -> list[Program]:
    """All processes of the stack.

    The slots are started when what they need is there, the worker when the slots are in order, MLflow and the console
    before the first flow.
    """
    settings, python, root = bench.settings, sys.executable, bench.settings.root
    bin_folder = Path(python).parent
    serving = {"RECOPS_SLOT": "", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return [
        Program(
            "prefect-server",
            [
                *(python, "-m", "components.adapters.machine.own_site", PREFECT_APP),
                *(settings.host, str(settings.prefect_port)),
            ],
            root,
            {"PREFECT__SERVER_FINAL": "1", "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": _own_origin(settings)},
        ),
        Program(
            WORKER,
            [
                *(python, "-m", AHEAD, WORK_POOL, "worker", "start"),
                *("--pool", WORK_POOL, "--type", "process", "--name", "local"),
            ],
            settings.project,
            start_at_once=False,
            stop_seconds=15,
        ),
        Program(
            MLFLOW,
            [
                *(python, "-m", "mlflow", "server", "--workers", "1"),
                *("--host", settings.host, "--port", str(settings.mlflow_port)),
                *("--backend-store-uri", f"sqlite:///{root / 'mlflow.db'}"),
                *("--artifacts-destination", str(root / "mlflow-artifacts")),
                *("--allowed-hosts", ",".join(local_names(settings.host, settings.mlflow_port))),
                *("--cors-allowed-origins", f"http://{settings.host}:{settings.mlflow_port}"),
            ],
            root,
            start_at_once=False,
        ),
        Program(
            "envoy",
            [
                *(str(bin_folder / "envoy"), "-c", str(bench.envoy.bootstrap_file)),
                *("--disable-hot-restart", "--log-level", "warning", "--concurrency", "1"),
            ],
            root,
        ),
        Program(CONSOLE, [python, "-m", "console"], settings.project, {"OMP_NUM_THREADS": "1"}, start_at_once=False),
        Program(
            EVIDENTLY,
            [
                *(python, "-m", "components.adapters.machine.own_site", EVIDENTLY_APP),
                *(settings.host, str(settings.evidently_port)),
            ],
            root / "monitoring",  # where the app looks for its folder `workspace`
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


def _own_origin(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.prefect_port}"
