"""Makes slots, router and aliases match the store, after a crash, a reboot or a failed promotion."""

from __future__ import annotations

import time
from collections.abc import Callable

from components.rollout.acquire_lease import acquire_lease
from components.rollout.history import in_one_line
from components.rollout.keep_lease import LeaseKeeper
from components.rollout.lease import Lease, LeaseHeld
from components.rollout.lease_commands import AcquireMaintenance, Finish, Renew
from components.rollout.ports import StepFailed, World
from components.rollout.promotion_commands import FinishDraining, MarkStandby
from components.rollout.release import Release
from components.rollout.routing import SLOTS, RoutingState, Slot
from components.rollout.states import WARM, State

Report = Callable[[str], None]
ROUTER_SECONDS = 3.0
"""How long to wait for the router's own health check; without it a switch still works, a moment later."""
FOLLOW_SECONDS = 2.0
"""How long to wait for the router to follow the store."""
DRAIN_SECONDS = 10.0
"""How long a slot may take to answer what it was asked before it is stopped all the same."""
ATTEMPTS = 2
"""A promotion that has just lost its lease may have been stopping the slot at that moment."""


def drain(world: World, slot: Slot) -> None:
    """Send the slot nothing that the stored routing does not, and wait until it has answered what it was asked.

    Without a router there is nothing to wait for.
    """
    world.router.project(world.store.routing)
    if world.router.wait_applied(world.store.routing().version, FOLLOW_SECONDS):
        world.router.wait_drained(slot, DRAIN_SECONDS)


def restore_standby(
    world: World, lease: Lease, lease_seconds: float, ready_timeout: float, report: Report
) -> str | None:
    """Start the release that belongs in the idle slot again, as standby; returns its id, or None when there is none.

    A standby that does not start is stopped and reported: it costs the warm way back, never the live answers.

    Raises:
        LeaseLost: another promotion or a rollback took over.
    """
    store, slots = world.store, world.slots

    def fence() -> None:
        store.commit(Renew(lease, lease_seconds))

    ledger = store.load()
    state = ledger.routing
    idle = state.idle_slot
    drain(world, idle)
    release_id = state.releases[idle]
    if release_id is None or not state.should_run[idle] or ledger.state_of(release_id) not in WARM:
        slots.stop(idle, fence)
        return None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            slots.run(idle, ledger.record_of(release_id).release, fence)
            slots.wait_ready(idle, release_id, ready_timeout)
            world.router.wait_healthy(idle, ROUTER_SECONDS)
            break
        except StepFailed as error:
            report(f"the standby {release_id} does not start in {idle}: {error}")
            if attempt == ATTEMPTS:
                store.commit(MarkStandby(lease, ready=False))
                world.router.project(store.routing)
                slots.stop(idle, fence)
                return None
    store.commit(MarkStandby(lease, ready=True))
    store.commit(FinishDraining())
    world.router.project(store.routing)
    return release_id


def reconcile(
    world: World,
    lease_seconds: float,
    ready_timeout: float,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> RoutingState:
    """Make the world match the store; returns the stored state. A running promotion keeps its idle slot.

    Raises:
        StepFailed: the live slot does not come up.
        LeaseLost: a rollback came in between; call it again.
    """
    store = world.store
    world.router.project(store.routing)
    lease = acquire_lease(lambda: store.commit(AcquireMaintenance(lease_seconds)), lease_seconds, sleep)
    if isinstance(lease, LeaseHeld):
        report(f"rollout {lease.rollout_id} by {lease.by} is running, and looks after the slots")
        return store.routing()
    with LeaseKeeper(store, lease, lease_seconds):
        _start_both(world, lease, lease_seconds)
        state = store.routing()
        if state.live_slot is not None and state.live_release is not None:
            world.slots.wait_ready(state.live_slot, state.live_release, ready_timeout)
            report(f"{state.live_release} answers in {state.live_slot}")
        standby = restore_standby(world, lease, lease_seconds, ready_timeout, report)
        if standby is not None:
            report(f"{standby} stands by in {state.idle_slot}")
        store.commit(Finish(lease, "reconciled"))
    _point_champion(world, report)
    return store.routing()


def _start_both(world: World, lease: Lease, lease_seconds: float) -> None:
    """Start what belongs in the slots, both at the same time."""
    ledger = world.store.load()
    for slot in SLOTS:
        release_id = ledger.routing.releases[slot]
        if release_id is None or not ledger.routing.should_run[slot]:
            continue
        record = ledger.record_of(release_id)
        if record.state in WARM | {State.LIVE}:
            world.slots.run(slot, record.release, lambda: world.store.commit(Renew(lease, lease_seconds)))


def point_champion(world: World, release: Release) -> None:
    """Let the registry's alias name the model of this release, which is live, and its tags tell what became of both.

    Raises:
        StepFailed: the registry does not answer.
    """
    world.aliases.point("champion", release.model_version, release.prompt_version)
    former = world.store.routing().standby_release
    for release_id in filter(None, (release.release_id, former)):
        tell_registry(world, release_id)


def tell_registry(world: World, release_id: str) -> None:
    """Write on the model's version what became of this release.

    Raises:
        StepFailed: the registry does not answer.
    """
    record = world.store.load(release_id).record_of(release_id)
    world.aliases.note(record.release.model_version, f"recops.{release_id}", in_one_line(record.history))


def _point_champion(world: World, report: Report) -> None:
    """Until nothing has changed meanwhile, as a promotion or rollback may come in between."""
    while (live := world.store.routing().live_release) is not None:
        try:
            point_champion(world, world.store.release(live))
        except StepFailed as error:
            report(f"alias champion not checked: {error}")
            return
        if world.store.routing().live_release == live:
            return
