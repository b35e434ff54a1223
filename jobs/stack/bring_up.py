"""Brings the stack up: starts what does not run, and runs the loop once where nothing is live."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import Protocol

import httpx

from components.adapters.prefect_api import PrefectApi
from components.adapters.slots.supervisor import Supervisor
from components.config.settings import Settings
from components.rollout.ports import StepFailed
from jobs.monitoring.automations import put_automations
from jobs.monitoring.schedules import read_schedules
from jobs.promotion.reconcile import put_in_order
from jobs.stack.check_bentos import check_bentos
from jobs.stack.check_keys import check_keys
from jobs.stack.check_state import check_state
from jobs.stack.deploy import PrefectDeploy
from jobs.stack.environment import stack_environment
from jobs.stack.gateway import mend_gateway
from jobs.stack.ports import check_ports
from jobs.stack.prepare import prepare_gateway, prepare_store
from jobs.stack.private_state import make_private
from jobs.stack.programs import CONSOLE, EVIDENTLY, MLFLOW, SHADOW, WORK_POOL, WORKER, programs
from jobs.stack.take_down import processes_of, stop_stack
from jobs.wiring.workbench import Workbench

DEPLOYMENTS = (
    "ingest/default",
    "retrain/default",
    "promote/default",
    "batch-recommend/default",
    "read-experiment/default",
    "monitor/default",
    "watch/default",
    "digest/default",
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
    "RECOPS_KEY",
)
FIRST_SLICE = "90%"
START_SECONDS = 120.0
FLOW_SECONDS = 600.0
PLAN_SECONDS = 15.0  # Prefect's scheduler looks for new deployments every few seconds


class StepWatcher(Protocol):
    """Whoever watches the steps."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """One step; what it gives says what is being done now."""


def secrets_set() -> list[str]:
    """The names of the secrets that the environment holds."""
    return [name for name in SECRETS if os.environ.get(name)]


def begin(bench: Workbench, progress: StepWatcher) -> bool:
    """Sets the environment of all that is started; whether the stack is started anew, for which its ports are free.

    Raises:
        PortTaken: somebody else holds a port; nothing has been changed.
        NothingThereError: state of an earlier stack is missing or damaged.
    """
    os.environ.update(stack_environment(bench.settings))
    make_private(bench.settings.root)
    check_state(bench.settings)
    if bench.supervisor.is_running():
        return False
    if processes_of(bench.settings):  # a supervisord that was killed leaves them behind, and they hold our ports
        with progress.step("ending what a killed stack left behind"):
            stop_stack(bench)
    check_ports(bench.settings)
    return True


def bring_up(bench: Workbench, fresh: bool, progress: StepWatcher) -> tuple[str, ...]:
    """Starts what does not run, reconciles, and runs the loop where there is no release; call it after `begin`.

    Returns what keeps schedules from firing, a line each.

    Raises:
        NothingThereError: the live release's Bento is missing or not what was built.
        StepFailed: something does not answer, or a flow of the loop failed.
        LeaseLost, SupervisorError, PrefectApiError: as named.
    """
    settings, control, prefect = bench.settings, bench.supervisor, bench.prefect
    with progress.step("event store and configuration"):
        prepare_store(bench)
        keys = check_keys(bench)
        broken = check_bentos(bench)
        prepare_gateway(bench)
    for line in (keys, *broken):
        with progress.step(line):
            pass
    if fresh:
        with progress.step("supervisor, with Envoy and Prefect"):
            (settings.root / "monitoring").mkdir(parents=True, exist_ok=True)
            control.start(programs(bench), stack_environment(settings))
    with progress.step("the gateway listens") as say:
        mend_gateway(bench, say)
    with progress.step("slots match the store") as say:
        state = put_in_order(bench, say)
    if state.live_release is not None:
        _start_pages(control)
    control.start_program(WORKER)
    with ExitStack() as kept:
        # Imported while Prefect starts, where it will be needed for sure.
        deploy = kept.enter_context(PrefectDeploy(settings, WORK_POOL)) if state.live_release is None else None
        with progress.step("Prefect answers"):
            _wait("Prefect", prefect.is_healthy, settings, "prefect-server")
        with progress.step("deployments and worker") as say:
            prefect.make_pool(WORK_POOL)
            if bench.store.evaluations.running_live():  # a prompt is being judged beside live traffic
                control.start_program(SHADOW)
            if deploy is None and not set(DEPLOYMENTS) <= prefect.deployments():
                deploy = kept.enter_context(PrefectDeploy(settings, WORK_POOL))
            if deploy is not None:
                say("prefect deploy --all")
                deploy.finish()
            put_automations(prefect)
    if state.live_release is None:
        _start_pages(control)
        _run_loop(bench, progress)
    else:
        _await_mlflow(settings, progress)
    with progress.step("the gateway answers"):
        _wait("the gateway", lambda: _answers(f"{settings.gateway_url}/readyz"), settings, "envoy")
    with progress.step("schedules are planned"):
        faults = _schedule_faults(prefect)
    control.start_program(EVIDENTLY)  # nobody waits for it: it takes seconds to start, and only shows
    return faults


def _start_pages(control: Supervisor) -> None:
    control.start_program(MLFLOW)
    control.start_program(CONSOLE)


def _schedule_faults(prefect: PrefectApi) -> tuple[str, ...]:
    """What keeps schedules from firing, if that does not mend itself in `PLAN_SECONDS`."""
    deadline = time.monotonic() + PLAN_SECONDS
    while True:
        faults = read_schedules(prefect, WORK_POOL, datetime.now(UTC)).faults
        if not faults or time.monotonic() > deadline:
            return faults
        time.sleep(1.0)


def _await_mlflow(settings: Settings, progress: StepWatcher) -> None:
    with progress.step("MLflow answers"):
        _wait("MLflow", lambda: _answers(f"{settings.mlflow_url}/health"), settings, "mlflow")


def _run_loop(bench: Workbench, progress: StepWatcher) -> None:
    prefect, settings = bench.prefect, bench.settings
    _run_flow(prefect, progress, "ingest/default", {"until": FIRST_SLICE})
    _await_mlflow(settings, progress)
    _run_flow(prefect, progress, "retrain/default", {})
    _run_flow(prefect, progress, "promote/default", {})


def _run_flow(prefect: PrefectApi, progress: StepWatcher, deployment: str, parameters: dict[str, str]) -> None:
    given = " ".join(f"{key}={value}" for key, value in parameters.items())
    with progress.step(f"flow {deployment} {given}".strip()) as say:
        state = prefect.wait(prefect.run(deployment, parameters), FLOW_SECONDS, say)
        if state["type"] != "COMPLETED":
            raise StepFailed(f"{deployment} ended {state['name']}: {state['message']}")


def _wait(what: str, is_there: Callable[[], bool], settings: Settings, log: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_there():
        if time.monotonic() > deadline:
            raise StepFailed(f"{what} does not answer after {START_SECONDS:g} s; see {settings.logs_folder / log}.log")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
