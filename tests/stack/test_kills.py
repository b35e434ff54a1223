"""What a killed process costs: at most the requests in flight, and never the routing or the next promotion."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

import httpx
import psutil
import pytest
from sqlalchemy import select

from components.adapters.store.engine import reading
from components.adapters.store.tables import feedback
from components.rollout.outcomes import Promoted, RolledBack
from components.rollout.ports import StepFailed
from components.rollout.reconcile import reconcile
from components.rollout.rollback import Cause, roll_back
from components.rollout.routing import Slot
from jobs.stack.environment import stack_environment
from tests.load import LoadResult, run_load
from tests.stack.small_stack import LIMITS, PROJECT, USERS, SmallStack

pytestmark = pytest.mark.slow
CLIENTS = 8


def wait_until(fact: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)


def under_load(stack: SmallStack, act: Callable[[], None], after_seconds: float = 2.0) -> LoadResult:
    """The load's result; `act` is called in its midst."""

    async def both() -> LoadResult:
        stop = asyncio.Event()
        load = asyncio.create_task(run_load(stack.settings.gateway_port, None, USERS, CLIENTS, stop))
        await asyncio.sleep(1.0)
        await asyncio.to_thread(act)
        await asyncio.sleep(after_seconds)
        stop.set()
        return await load

    return asyncio.run(both())


def answers(stack: SmallStack) -> bool:
    """Whether the gateway gives somebody a list."""
    try:
        reply = httpx.post(f"{stack.settings.gateway_url}/recommend", json={"user_id": USERS[0]}, timeout=5)
    except httpx.HTTPError:
        return False
    return reply.status_code == 200


def no_fence() -> None:
    """Nobody else is there."""


def family(stack: SmallStack) -> list[psutil.Process]:
    """The guard of the live slot, then BentoML's parent process, its workers and helpers."""
    parent = psutil.Process(stack.supervisor.state_of(stack.live_slot).pid)
    return [parent, *parent.children(recursive=True)]


def kill_group(stack: SmallStack) -> None:
    os.killpg(os.getpgid(family(stack)[0].pid), signal.SIGKILL)


def kill_guard(stack: SmallStack) -> None:
    family(stack)[0].kill()


def kill_parent(stack: SmallStack) -> None:
    serving = family(stack)[1]
    assert "serve" in serving.cmdline()
    serving.kill()


def kill_worker(stack: SmallStack) -> None:
    listening = stack.listeners(stack.live_slot)
    workers = [process for process in family(stack)[1:] if process.pid in listening]
    assert workers
    for process in workers:
        process.kill()


@pytest.mark.parametrize("kill", [kill_group, kill_guard, kill_parent, kill_worker])
def test_a_killed_live_slot_costs_at_most_the_requests_in_flight(
    stack: SmallStack, kill: Callable[[SmallStack], None], capsys: pytest.CaptureFixture[str]
) -> None:
    slot, state = stack.live_slot, stack.world.store.routing()
    before = {process.pid for process in family(stack)}
    result = under_load(stack, lambda: kill(stack), after_seconds=4.0)
    with capsys.disabled():
        print(
            f"\n{kill.__name__}: {len(result.failures)} of {result.answered} failed; by release {dict(result.releases)}"
        )
    assert len(result.failures) <= CLIENTS, result.failures
    stack.world.slots.wait_ready(slot, state.live_release or "", 60)
    wait_until(lambda: bool(stack.listeners(slot)))
    ours = {process.pid for process in family(stack)}
    assert stack.listeners(slot) <= ours
    wait_until(lambda: not before & {process.pid for process in psutil.process_iter()})
    assert result.releases[state.standby_release or ""] > 0
    assert stack.world.store.routing() == state


@pytest.mark.parametrize("kill", [kill_group, kill_worker])
def test_a_killed_live_slot_costs_no_feedback_and_none_counts_twice(
    stack: SmallStack, kill: Callable[[SmallStack], None]
) -> None:
    slot, state = stack.live_slot, stack.world.store.routing()
    url, stop, numbers, outcomes = f"{stack.settings.gateway_url}/feedback", asyncio.Event(), count(), Counter[int]()

    async def client(http: httpx.AsyncClient) -> None:
        while not stop.is_set():
            event = {"user_id": f"{kill.__name__}-{next(numbers)}", "item_id": "101", "type": "click"}
            reply = await http.post(url, json=event)
            outcomes[reply.status_code] += 1

    async def all_clients() -> None:
        async with httpx.AsyncClient(timeout=20) as http, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(client(http))
            await asyncio.sleep(1.0)
            await asyncio.to_thread(kill, stack)
            await asyncio.sleep(3.0)
            stop.set()

    asyncio.run(all_clients())
    stack.world.slots.wait_ready(slot, state.live_release or "", 60)
    assert set(outcomes) == {202}
    with reading(stack.bench.store.engine) as db:
        users = db.execute(select(feedback.c.user_id).where(feedback.c.user_id.startswith(f"{kill.__name__}-")))
        assert Counter(users.scalars()) == Counter(f"{kill.__name__}-{n}" for n in range(outcomes[202]))


def test_a_killed_envoy_comes_back_with_the_same_routing(stack: SmallStack, capsys: pytest.CaptureFixture[str]) -> None:
    gateway, version = stack.bench.envoy, stack.world.store.routing().version
    away: list[float] = []

    def kill_envoy() -> None:
        os.kill(stack.supervisor.state_of("envoy").pid, signal.SIGKILL)
        start = time.monotonic()
        while not answers(stack):
            assert time.monotonic() < start + 20
            time.sleep(0.005)
        away.append(time.monotonic() - start)

    under_way = under_load(stack, kill_envoy)
    with capsys.disabled():
        print(
            f"\nkill_envoy: {away[0]:.2f} s until the gateway answered again; {len(under_way.failures)} failed attempts"
        )
    assert gateway.wait_applied(version, 20)
    result = asyncio.run(run_load(stack.settings.gateway_port, 50, USERS))
    assert result.failures == []
    assert set(result.releases) == {stack.world.store.routing().live_release}


def test_promotions_and_rollbacks_under_load_cost_no_request(stack: SmallStack) -> None:
    def five_cycles() -> None:
        for _ in range(5):
            stack.promote()
            time.sleep(0.5)
            outcome = roll_back(stack.world, Cause("test", "cycle"), LIMITS, print)
            assert isinstance(outcome, RolledBack)
            assert stack.bench.envoy.wait_applied(stack.world.store.routing().version, 2)

    async def both() -> LoadResult:
        stop = asyncio.Event()
        load = asyncio.create_task(run_load(stack.settings.gateway_port, None, USERS, CLIENTS, stop, 1_000_000))
        await asyncio.to_thread(five_cycles)
        stop.set()
        return await load

    result = asyncio.run(both())
    assert result.failures == []
    assert len(result.releases) >= 6


def start_promotion(stack: SmallStack, stop_at: str = "") -> subprocess.Popen[str]:
    ports = ",".join(str(port) for port in stack.ports)
    command = [sys.executable, "-m", "tests.stack.promote_once", str(stack.settings.root), ports, stop_at]
    return subprocess.Popen(
        command, cwd=PROJECT, env=stack_environment(stack.settings), stdout=subprocess.PIPE, text=True
    )


def read_until(process: subprocess.Popen[str], start: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if start in line:
            return
    pytest.fail(f"the promotion ended before {start!r}")


@pytest.mark.parametrize("step", ["built", "starting", "smoke test passed"])
def test_the_next_promotion_succeeds_one_whose_process_was_killed(stack: SmallStack, step: str) -> None:
    live = stack.world.store.routing().live_release
    process = start_promotion(stack)
    read_until(process, step[:7])
    process.kill()
    process.communicate()
    result = asyncio.run(run_load(stack.settings.gateway_port, 50, USERS))
    assert result.failures == []
    assert live in result.releases
    assert stack.promote().release.release_id == stack.world.store.routing().live_release


def test_a_promotion_stopped_past_its_lease_changes_nothing_when_it_goes_on(stack: SmallStack) -> None:
    process = start_promotion(stack, stop_at="starting")
    read_until(process, "starting")
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    time.sleep(LIMITS.lease + 0.5)
    outcome = stack.promote()
    after = stack.world.store.routing()
    process.send_signal(signal.SIGCONT)
    output, _ = process.communicate(timeout=60)
    assert "holds the lease no more" in output
    assert stack.world.store.routing() == after
    assert after.live_release == outcome.release.release_id
    assert stack.bench.envoy.applied_version() == after.version
    for _ in range(2):
        result = asyncio.run(run_load(stack.settings.gateway_port, 100, USERS))
        assert result.failures == []
        assert set(result.releases) == {outcome.release.release_id}


def test_rollback_in_the_middle_of_a_promotion_goes_back_and_the_promotion_ends(stack: SmallStack) -> None:
    before = stack.world.store.routing()
    process = start_promotion(stack)
    read_until(process, "starting")
    outcome = roll_back(stack.world, Cause("test", "in the middle"), LIMITS, print)
    assert isinstance(outcome, RolledBack)
    assert (outcome.from_release, outcome.to_release) == (before.live_release, before.standby_release)
    output, _ = process.communicate(timeout=60)
    assert "holds the lease no more" in output
    assert stack.bench.envoy.wait_applied(stack.world.store.routing().version, 5)
    result = asyncio.run(run_load(stack.settings.gateway_port, 50, USERS))
    assert (result.failures, set(result.releases)) == ([], {before.standby_release})


def test_a_slot_refuses_a_release_that_the_store_does_not_give_it(stack: SmallStack) -> None:
    state = stack.world.store.routing()
    idle = state.idle_slot
    live = stack.world.store.release(state.live_release or "")
    stack.world.slots.run(idle, live, no_fence)  # as a promotion that was paused past its lease might
    with pytest.raises(StepFailed, match="says the store"):
        stack.world.slots.wait_ready(idle, live.release_id, 60)
    reconcile(stack.world, LIMITS.lease, LIMITS.ready, print)
    after = stack.world.store.routing()
    assert (after.live_release, after.standby_release) == (state.live_release, state.standby_release)


def test_reconcile_starts_slots_that_were_stopped(stack: SmallStack) -> None:
    state = stack.world.store.routing()
    both: tuple[Slot, Slot] = ("blue", "green")
    for slot in both:
        stack.world.slots.stop(slot, no_fence)
    reconcile(stack.world, LIMITS.lease, LIMITS.ready, print)
    assert stack.world.store.routing().live_release == state.live_release
    assert isinstance(stack.promote(), Promoted)
