"""`recops up`: starts the stack, runs the loop once if nothing is live yet, and says where everything is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import click

from cli.console import make_console
from cli.down import processes_of, stop_stack
from cli.progress import Progress
from cli.summary import print_summary
from components.adapters.files.params_file import read_params
from components.adapters.machine.ports_in_use import is_taken
from components.adapters.prefect_api import PrefectApi, PrefectApiError
from components.adapters.slots.supervisor import SupervisorError
from components.adapters.store.engine import migrate, open_engine
from components.config.settings import Settings, load_settings
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from components.rollout.reconcile import reconcile
from jobs.monitoring.automations import put_automations
from jobs.monitoring.schedules import read_schedules
from jobs.stack import SHADOW, WORK_POOL, ports, programs, router, stack_environment, supervisor, world

DEPLOYMENTS = (
    "ingest/default",
    "retrain/default",
    "promote/default",
    "batch-recommend/default",
    "read-experiment/default",
    "monitor/default",
    "rollback/default",
    "evaluate-prompt/default",
    "backup/default",
    "prune/default",
)
SECRETS = (
    "RECOPS_EVENT_STORE_URL",
    "RECOPS_SOURCE_SQL_URL",
    "RECOPS_DATA_REGISTRY_URL",
    "RECOPS_DVC_REMOTE_URL",
    "RECOPS_ALERT_URLS",
    "RECOPS_CACHE_URL",
)
FIRST_SLICE = "90%"
START_SECONDS = 120.0
FLOW_SECONDS = 600.0
PLAN_SECONDS = 15.0  # Prefect's scheduler looks for new deployments every few seconds


@click.command()
def up() -> None:
    """Start the stack; if nothing is live yet, ingest, train and promote once. Run it again to resume."""
    settings = load_settings()
    progress = Progress(make_console())
    try:
        bring_up(settings, progress)
    except (LeaseLost, StepFailed, SupervisorError, PrefectApiError) as error:
        raise click.ClickException(
            f"{error}\nThe logs: `recops logs NAME`; `recops down` stops what was started."
        ) from error


def bring_up(settings: Settings, progress: Progress) -> None:
    """Start what does not run, reconcile, run the loop where there is no release, print the summary."""
    control = supervisor(settings)
    os.environ.update(stack_environment(settings))
    fresh = not control.is_running()
    if fresh:
        _end_leftovers(settings, progress)
        _check_ports(settings)
    secrets = [name for name in SECRETS if os.environ.get(name)]
    progress.console.print(f"[dim]state in {settings.root}; secrets set: {', '.join(secrets) or 'none'}[/dim]")
    with progress.step("event store and configuration"):
        settings.root.mkdir(parents=True, exist_ok=True)
        migrate(settings.store_url)
        router(settings).write_bootstrap()
        parts = world(settings)
        parts.router.project(parts.store.routing)
    if fresh:
        with progress.step("supervisor, with Envoy, MLflow and Prefect"):
            control.start(programs(settings), stack_environment(settings))
    with progress.step("slots match the store") as say:
        limits = read_params(settings.project / "params.yaml").promotion
        state = reconcile(parts, limits.lease_seconds, limits.ready_timeout_seconds, say)
    prefect = PrefectApi(settings.prefect_api_url)
    with progress.step("Prefect answers"):
        _wait("Prefect", prefect.is_healthy, settings, "prefect-server")
    with progress.step("deployments and worker") as say:
        prefect.make_pool(WORK_POOL)
        control.start_program("prefect-worker")
        if _collects_live(settings):
            control.start_program(SHADOW)
        if not set(DEPLOYMENTS) <= prefect.deployments():
            say("prefect deploy --all")
            _deploy(settings)
        put_automations(prefect)
    if state.live_release is None:
        _run_loop(settings, prefect, progress)
    else:
        with progress.step("MLflow answers"):
            _wait("MLflow", lambda: _answers(f"{settings.mlflow_url}/health"), settings, "mlflow")
    with progress.step("the gateway answers"):
        _wait("the gateway", lambda: _answers(f"{settings.gateway_url}/readyz"), settings, "envoy")
    with progress.step("schedules are planned"):
        faults = _schedule_faults(prefect)
    for fault in faults:
        progress.console.print(f"[yellow]{fault}[/yellow]", highlight=False)
    control.start_program("evidently")  # nobody waits for it: it takes seconds to start, and only shows
    print_summary(settings, progress.console)
    progress.console.print(f"[dim]took {progress.seconds:.1f} s[/dim]", highlight=False)


def _schedule_faults(prefect: PrefectApi) -> tuple[str, ...]:
    """What keeps schedules from firing, if that does not mend itself in `PLAN_SECONDS`."""
    deadline = time.monotonic() + PLAN_SECONDS
    while True:
        faults = read_schedules(prefect, WORK_POOL, datetime.now(UTC)).faults
        if not faults or time.monotonic() > deadline:
            return faults
        time.sleep(1.0)


def _collects_live(settings: Settings) -> bool:
    """Whether a prompt is being judged beside live traffic."""
    from components.adapters.store.llm.evaluations import EvaluationStore

    return bool(EvaluationStore(open_engine(settings.store_url), time.time).running_live())


def _run_loop(settings: Settings, prefect: PrefectApi, progress: Progress) -> None:
    _run_flow(prefect, progress, "ingest/default", {"until": FIRST_SLICE})
    with progress.step("MLflow answers"):
        _wait("MLflow", lambda: _answers(f"{settings.mlflow_url}/health"), settings, "mlflow")
    _run_flow(prefect, progress, "retrain/default", {})
    _run_flow(prefect, progress, "promote/default", {})


def _run_flow(prefect: PrefectApi, progress: Progress, deployment: str, parameters: dict[str, str]) -> None:
    given = " ".join(f"{key}={value}" for key, value in parameters.items())
    with progress.step(f"flow {deployment} {given}".strip()) as say:
        state = prefect.wait(prefect.run(deployment, parameters), FLOW_SECONDS, say)
        if state["type"] != "COMPLETED":
            raise StepFailed(f"{deployment} ended {state['name']}: {state['message']}")


def _end_leftovers(settings: Settings, progress: Progress) -> None:
    """What a supervisord that was killed has left running would hold our ports."""
    if processes_of(settings):
        with progress.step("ending what a killed stack left behind"):
            stop_stack(settings)


def _check_ports(settings: Settings) -> None:
    """Refuse before anything is changed."""
    taken = [
        (name, port, setting) for name, (port, setting) in ports(settings).items() if is_taken(settings.host, port)
    ]
    if taken:
        lines = [f"port {port} ({name}) is taken; free it, or move ours: {setting}=…" for name, port, setting in taken]
        raise click.ClickException("\n".join(lines))


def _deploy(settings: Settings) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    environment = {**os.environ, "PREFECT_LOGGING_LEVEL": "WARNING"}
    done = subprocess.run(command, cwd=settings.project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailed(f"`prefect deploy --all` failed: {(done.stdout + done.stderr).strip()[-800:]}")


def _wait(what: str, is_there: Callable[[], bool], settings: Settings, log: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_there():
        if time.monotonic() > deadline:
            raise StepFailed(f"{what} does not answer after {START_SECONDS:g} s; see {settings.logs_folder / log}.log")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
