"""What breaks in the midst of a promotion: live answers go on, and after `reconcile` all is as the store says.

Every step of a promotion, in a process of its own, with each fault. The promotion, the store, Envoy, supervisor and the
slots are real. Two faults are stand-ins: MLflow is a server of the same two calls, and a full disk is a limit of the
promotion's process under which each of its writes to a file fails, as they do on a full disk. Prefect is no part of a
promotion's own path; tests/acceptance kills its processes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from sqlalchemy import text

from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import read_history
from components.rollout.reconcile import reconcile
from components.rollout.routing import Slot
from components.rollout.states import State
from tests.load import run_load
from tests.stack.small_stack import LIMITS, USERS, SmallStack
from tests.stack.test_kills import read_until, start_promotion

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
STEPS = (
    "build",  # the lease is there, nothing else
    "built",
    "gate: passed",
    "starting",
    "smoke test passed",
    "{release} answers 5 %",
    "{release} answers 25 %",
    "{release} answers 100 %",
    "{release} is live",
)
LOCKED_SECONDS = 5.0
"""Longer than the lease of these tests."""
WELL_SECONDS = 15.0
"""For a slot that was killed to come up and pass the gateway's health check."""


class Registry(ThreadingHTTPServer):
    """Takes aliases and tags, as MLflow does."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Taker)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class Taker(BaseHTTPRequestHandler):
    """Says yes to everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def registry(stack: SmallStack) -> Iterator[Registry]:
    server = Registry(stack.settings.mlflow_port)
    yield server
    with suppress(OSError):
        server.stop()


Fault = Callable[[SmallStack, "subprocess.Popen[str]", Registry], None]


def kill_promotion(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    process.kill()


def kill_idle_slot(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    slot: Slot = stack.world.store.routing().idle_slot
    pid = stack.supervisor.state_of(slot).pid
    if pid:
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(pid), signal.SIGKILL)


def kill_envoy(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    os.kill(stack.supervisor.state_of("envoy").pid, signal.SIGKILL)
    assert stack.bench.envoy.wait_applied(1, 30)


def stop_registry(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    registry.stop()


def fill_disk(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (0, 0))


def lock_database(stack: SmallStack, process: subprocess.Popen[str], registry: Registry) -> None:
    taken = threading.Event()

    def hold() -> None:
        with open_engine(stack.settings.store_url).connect() as db:
            db.execute(text("SELECT 1"))  # every transaction begins with the write lock
            taken.set()
            time.sleep(LOCKED_SECONDS)

    threading.Thread(target=hold, daemon=True).start()
    assert taken.wait(20)


FAULTS: dict[str, Fault] = {
    "promotion killed": kill_promotion,
    "slot killed": kill_idle_slot,
    "Envoy killed": kill_envoy,
    "MLflow away": stop_registry,
    "disk full": fill_disk,
    "database locked": lock_database,
}
GOES_LIVE = {"slot killed", "Envoy killed", "MLflow away", "database locked"}
"""Faults that a promotion may survive."""


def rollout_ids(stack: SmallStack) -> dict[int, str | None]:
    history = read_history(open_engine(stack.settings.store_url))
    return {row["rollout_id"]: row["release_id"] for row in history["rollouts"]}


def release_in_the_making(stack: SmallStack, earlier: dict[int, str | None]) -> str | None:
    """What the promotion since then had built, if it came so far."""
    return next((release for number, release in rollout_ids(stack).items() if number not in earlier), None)


def releases_in_the_end(stack: SmallStack, live: str, patience: float) -> set[str]:
    """Who answers once the gateway has seen that the live slot is well: until then the standby may stand in for it."""
    deadline = time.monotonic() + patience
    while True:
        result = asyncio.run(run_load(stack.settings.gateway_port, 40, USERS))
        assert result.failures == []
        if set(result.releases) == {live} or time.monotonic() > deadline:
            return set(result.releases)
        time.sleep(0.5)


def cell(stack: SmallStack, registry: Registry, step: str, fault: str) -> str:
    """How the promotion ended, in its own words; everything about the stack afterwards is as it must be."""
    before, earlier = stack.world.store.routing(), rollout_ids(stack)
    live = before.live_release
    process = start_promotion(stack, stop_at=step)
    try:
        read_until(process, step.replace("{release} ", ""))
        FAULTS[fault](stack, process, registry)
        during = asyncio.run(run_load(stack.settings.gateway_port, 40, USERS))
        assert during.failures == []
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        after = asyncio.run(run_load(stack.settings.gateway_port, 40, USERS))
        assert after.failures == []
        said = process.communicate(timeout=200)[0].strip().splitlines()
    finally:
        process.kill()
        process.wait()
    reconcile(stack.world, LIMITS.lease, LIMITS.ready, lambda _line: None)
    state = stack.world.store.routing()
    started = release_in_the_making(stack, earlier)
    switched = state.live_release != live
    assert state.live_release is not None
    assert stack.state_of(state.live_release) is State.LIVE
    assert state.standby_release == (live if switched else before.standby_release)
    assert state.canary_weight == 0
    assert not switched or state.live_release == started
    if started not in (None, state.live_release, state.standby_release):
        assert stack.state_of(started) in (State.FAILED, State.REJECTED, State.RETIRED)
    assert stack.bench.envoy.wait_applied(state.version, 20)
    patience = WELL_SECONDS if fault == "slot killed" else 0.0
    assert releases_in_the_end(stack, state.live_release, patience) == {state.live_release}
    if step == "{release} is live":
        assert switched
    elif fault not in GOES_LIVE:
        assert not switched
    outcome = said[-1] if said else "killed"
    return f"{'live' if switched else 'as before'}: {outcome[:160]}"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_live_answers_go_on_and_the_final_state_is_right(
    stack: SmallStack, registry: Registry, step: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = cell(stack, registry, step, fault)
    with capsys.disabled():
        print(f"\n| {step.replace('{release} ', '')} | {fault} | {told} |")
