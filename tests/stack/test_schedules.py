"""Prefect's scheduler makes the runs of a schedule, and a worker carries them out, with nobody's hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from components.adapters.prefect_api import PrefectApi, ScheduledDeployment
from jobs.monitoring.schedules import read_schedules
from jobs.stack.environment import NO_TELEMETRY
from jobs.stack.programs import WORK_POOL
from tests.free_ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROJECT = Path(__file__).parents[2]
SECONDS = 240.0
SETTLED = 20.0
"""Within which a scheduler or a foreman that works has worked."""
PREFECT = [sys.executable, "-m", "prefect", "--no-prompt"]
FLOW = """
from pathlib import Path
from prefect import flow
@flow(name="tick")
def tick():
    with Path("ticks").open("a") as file:
        file.write("tick\\n")
"""
DEPLOYMENT = """
deployments:
  - name: default
    entrypoint: tick.py:tick
    work_pool: {name: recops}
    schedules:
      - interval: 60
pull:
  - prefect.deployments.steps.set_working_directory: {directory: FOLDER}
"""


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{command[4]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a Prefect of the test's own."""
    (port,) = free_ports(1)
    ours = {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",  # SQLite waits for its turn on a machine that is busy
        "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME": "PT180S",  # few runs ahead, for the same reason
        "RECOPS_HOME": str(tmp_path / "home"),
        "RECOPS_PROJECT": str(PROJECT),
        "PYTHONPATH": str(PROJECT),
    }
    return {**os.environ, **NO_TELEMETRY, **ours}


@pytest.fixture
def prefect(tmp_path: Path, environment: dict[str, str]) -> Iterator[PrefectApi]:
    """A server and a worker."""
    with started(tmp_path, environment) as api:
        yield api


@contextmanager
def started(tmp_path: Path, environment: dict[str, str]) -> Iterator[PrefectApi]:
    api = PrefectApi(environment["PREFECT_API_URL"])
    port = environment["PREFECT_API_URL"].rpartition(":")[2].removesuffix("/api")
    server = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", port]
    worker = [*PREFECT, "worker", "start", "--pool", WORK_POOL, "--type", "process", "--name", "local", "--limit", "1"]
    with ExitStack() as stack:
        stack.callback(api.close)
        stack.enter_context(running(server, tmp_path, environment))
        wait_until(api.is_healthy)
        api.make_pool(WORK_POOL)
        stack.enter_context(running(worker, tmp_path, environment))
        yield api


def wait_until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def deploy(folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*PREFECT, "deploy", "--all"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_schedule_fires_and_is_carried_out_with_nobodys_hand(
    prefect: PrefectApi, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tick.py").write_text(FLOW)
    (tmp_path / "prefect.yaml").write_text(DEPLOYMENT.replace("FOLDER", str(tmp_path)))
    deploy(tmp_path, environment)
    ticks = tmp_path / "ticks"
    wait_until(lambda: ticks.exists() and ticks.read_text().count("tick") >= 1)
    seen = read_schedules(prefect, WORK_POOL, datetime.now(UTC))
    (tick,) = seen.all
    assert not any("scheduler" in fault or "worker" in fault for fault in seen.faults), seen.faults
    assert (tick.name, tick.schedule, tick.active) == ("tick/default", "every 60 s", True)
    assert tick.last_run is not None
    assert tick.next_run is not None


BROKEN = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
}
QUICK = {
    "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "1",
    "PREFECT_SERVER_SERVICES_FOREMAN_INACTIVITY_HEARTBEAT_MULTIPLE": "1",
    "PREFECT_WORKER_HEARTBEAT_SECONDS": "1",
}


@pytest.mark.parametrize("broken", [True, False])
def test_a_scheduler_and_a_foreman_that_do_nothing_are_named_and_working_ones_are_not(
    environment: dict[str, str], tmp_path: Path, broken: bool
) -> None:
    (tmp_path / "tick.py").write_text(FLOW)
    (tmp_path / "prefect.yaml").write_text(DEPLOYMENT.replace("FOLDER", str(tmp_path)))
    with started(tmp_path, {**environment, **QUICK, **(BROKEN if broken else {})}) as api:
        deploy(tmp_path, environment)
        wait_until(lambda: any(worker.online for worker in api.workers(WORK_POOL)))
        later = datetime.now(UTC) + timedelta(minutes=10)

        def named() -> set[str]:
            faults = read_schedules(api, WORK_POOL, later).faults
            return {word for fault in faults for word in ("scheduler", "foreman") if f"Prefect's {word}" in fault}

        for process in psutil.Process().children(recursive=True):
            if "worker" in process.cmdline():
                process.kill()
        if broken:
            time.sleep(SETTLED)
            assert named() == {"scheduler", "foreman"}
        else:
            wait_until(lambda: not named())


def test_each_schedule_of_ours_that_is_on_is_planned_and_no_other(
    prefect: PrefectApi, environment: dict[str, str]
) -> None:
    deploy(PROJECT, environment)

    def planned() -> dict[str, ScheduledDeployment]:
        return {each.name: each for each in read_schedules(prefect, WORK_POOL, datetime.now(UTC)).all}

    on = {
        "monitor/default",
        "watch/default",
        "digest/default",
        "backup/default",
        "prune/default",
        "read-experiment/default",
    }
    wait_until(lambda: {name for name, each in planned().items() if each.next_run is not None} == on)
    retrain = planned()["retrain/default"]
    assert (retrain.active, retrain.next_run, retrain.last_run) == (False, None, None)
