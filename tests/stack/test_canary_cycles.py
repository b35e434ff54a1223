"""Promotions with canaries, and rollbacks, cost no request, mislead none, and send no user back and forth."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from components.adapters.store.engine import open_engine, reading
from components.adapters.store.tables import requests
from components.rollout.outcomes import RolledBack
from components.rollout.rollback import Cause, roll_back, tidy_up
from tests.stack.recorded_load import Recorded, RecordingRouter, returned, run_recorded, strangers, trials
from tests.stack.small_stack import LIMITS, SmallStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]
CYCLES = 50
REQUESTS = 100_000
USERS = [str(number) for number in range(1, 401)]
BACK = Cause("test", "cycle")


def recording(stack: SmallStack) -> RecordingRouter:
    """The stack's router in a form that remembers; the stack's world uses it from now on."""
    s = stack.settings
    endpoints = {"blue": s.slot_endpoints("blue"), "green": s.slot_endpoints("green")}
    router = RecordingRouter(s.root / "envoy", s.host, s.gateway_port, s.envoy_admin_port, endpoints)  # type: ignore[arg-type]
    stack.world = replace(stack.world, router=router.remember())
    router.project(stack.world.store.routing)
    return router


def cycles(stack: SmallStack, number: int) -> None:
    for _ in range(number):
        stack.promote(stack.rebuild)
        outcome = roll_back(stack.world, BACK, LIMITS, lambda _line: None)
        assert isinstance(outcome, RolledBack)
        tidy_up(stack.world, outcome, BACK, LIMITS, lambda _line: None)


async def load_over(stack: SmallStack, number: int, at_least: int) -> Recorded:
    stop = asyncio.Event()
    load = asyncio.create_task(run_recorded(stack.settings.gateway_port, USERS, stop, at_least, 4 * at_least))
    try:
        await asyncio.to_thread(cycles, stack, number)
    finally:
        stop.set()
    return await load


def check(stack: SmallStack, number: int, at_least: int) -> str:
    """What happened, in a line; every law of this file holds."""
    router = recording(stack)
    began = time.monotonic()
    recorded = asyncio.run(load_over(stack, number, at_least))
    tried = trials(router.versions)
    on_trial = {release for release, _, _ in tried}
    counts = Counter(answer.release for answer in recorded.answers)
    told = (
        f"{len(recorded.answers)} answers, {len(recorded.failures)} failed, {len(tried)} canaries, "
        f"{len(router.versions)} versions of the routing, {sum(counts[name] for name in on_trial)} answers by releases "
        f"on trial or after it, {time.monotonic() - began:.0f} s"
    )
    assert recorded.failures == [], told
    assert len(recorded.answers) >= at_least
    assert strangers(recorded.answers, router.versions) == []
    assert returned(recorded.answers, router.versions) == []
    assert len(tried) == number
    assert all(counts[name] > 0 for name in on_trial)
    return told


def test_no_request_fails_or_is_misled_and_no_user_returns(
    stack: SmallStack, capsys: pytest.CaptureFixture[str]
) -> None:
    told = check(stack, CYCLES, REQUESTS)
    with capsys.disabled():
        print(f"\n{CYCLES} cycles: {told}")
    marked = select(requests.c.release_id, func.count()).where(requests.c.canary).group_by(requests.c.release_id)
    with reading(open_engine(stack.settings.store_url)) as db:
        rows = {row[0]: row[1] for row in db.execute(marked)}
    assert set(rows) <= {f"release-{number}" for number in range(2, 2 * CYCLES + 10)}
    assert len(rows) >= CYCLES
