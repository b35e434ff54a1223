"""Prefect's server is killed at each step of a promotion that runs as its flow: the promotion does not wait for it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import read_history
from tests.acceptance.whole_stack import WholeStack, other_model, read_json, wait_until
from tests.load import LoadResult, run_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
STEPS = ("build", "gate", "starting", "ready", "canary 5 %", "canary 25 %", "canary 100 %", "live")
"""As the store names them; a release is built and smoke-tested for a moment only."""
USERS = [str(user) for user in range(1, 40)]
CLIENTS = 4
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@pytest.fixture(scope="module")
def two_models(stack: WholeStack) -> WholeStack:
    for deployment, parameters in (("ingest", ["--param", "until=95%"]), ("retrain", [])):
        assert "'Completed'" in stack.flow(f"{deployment}/default", *parameters)
    return stack


def latest_rollout(stack: WholeStack) -> dict[str, Any]:
    return read_history(store(stack.home))["rollouts"][-1]


@cache
def store(home: Path) -> Engine:
    return open_engine(f"sqlite:///{home / 'events.db'}")


def prefect_pid(stack: WholeStack) -> int:
    status = json.loads(stack.recops("status", "--json"))
    return int(next(each["pid"] for each in status["processes"] if each["name"] == "prefect-server"))


def state_of_latest_run(stack: WholeStack, seconds: float = 60.0) -> dict[str, Any]:
    """The state of the latest flow run of `promote`, as Prefect tells it once it has ended or after `seconds`."""
    url = f"{stack.environment['PREFECT_API_URL']}/flow_runs/filter"
    wanted = {"sort": "EXPECTED_START_TIME_DESC", "limit": 1, "flows": {"name": {"any_": ["promote"]}}}
    state = {"type": "unknown", "message": "the server does not answer"}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and state["type"] not in ENDED:
        with suppress(OSError):
            state = read_json(url, wanted)[0]["state"]
        time.sleep(0.2)
    return state


def kill_prefect_at(stack: WholeStack, step: str) -> None:
    """Start a promotion, kill the server when it is there, and wait for its end."""
    before, victim = latest_rollout(stack)["rollout_id"], prefect_pid(stack)
    assert victim > 0
    assert stack.start_flow("promote/default", *other_model(stack)).wait() == 0
    deadline = time.monotonic() + 120
    while True:
        now = latest_rollout(stack)
        if now["rollout_id"] != before and now["step"] in STEPS[STEPS.index(step) :]:
            break
        assert time.monotonic() < deadline, now
        time.sleep(0.005)
    os.kill(victim, signal.SIGKILL)
    assert now["step"] == step
    wait_until(lambda: latest_rollout(stack)["outcome"] is not None, 240)


@pytest.mark.parametrize("step", STEPS)
def test_the_promotion_goes_on(two_models: WholeStack, step: str, capsys: pytest.CaptureFixture[str]) -> None:
    stack, victim = two_models, prefect_pid(two_models)

    async def promotion_under_load() -> LoadResult:
        stop = asyncio.Event()
        asking = asyncio.create_task(run_load(stack.ports["GATEWAY"], None, USERS, CLIENTS, stop))
        try:
            await asyncio.to_thread(kill_prefect_at, stack, step)
        finally:
            stop.set()
            load = await asking
        return load

    load, last = asyncio.run(promotion_under_load()), latest_rollout(stack)
    state = state_of_latest_run(stack)
    with capsys.disabled():
        failed = f"{len(load.failures)} of {load.answered} answers failed"
        print(f"\n| {step} | {last['outcome']} | {failed} | {state['type']}: {state['message']} |")
    assert load.failures == []
    assert load.answered > 0
    assert last["outcome"] == "promoted"
    assert stack.release()["release"] == last["release_id"]
    assert state["type"] == "COMPLETED"
    assert prefect_pid(stack) not in (0, victim)
