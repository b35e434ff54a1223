"""Makes slots, router and aliases match the store, after a crash, a reboot or a failed promotion."""

from __future__ import annotations

from collections.abc import Callable

from components.rollout.ports import ReleaseStore, Router, Slots, StepFailed, World
from components.rollout.routing import SLOTS, RoutingState, Slot
from components.rollout.states import State


def restore_idle_slot(store: ReleaseStore, slots: Slots, router: Router, ready_timeout: float) -> str | None:
    """Start the release that belongs in the idle slot again, as standby; returns its id, or None when there is none.

    A standby that does not start is left stopped: it costs the warm way back, never the live answers.
    """
    state = store.routing()
    router.project(store.routing)
    idle = state.idle_slot
    release_id = state.releases[idle]
    if release_id is None or not state.should_run[idle]:
        slots.stop(idle)
        return None
    if store.state_of(release_id) is not State.STANDBY:
        return None
    try:
        slots.run(idle, store.release(release_id))
        slots.wait_ready(idle, release_id, ready_timeout)
    except StepFailed:
        return None
    store.mark_standby_ready(state.epoch)
    router.project(store.routing)
    return release_id


def reconcile(world: World, ready_timeout: float, report: Callable[[str], None]) -> RoutingState:
    """Close promotions whose process died, then make the world match the store; returns the stored state.

    Raises:
        StepFailed: the live slot does not come up.
    """
    store, slots, router = world.store, world.slots, world.router
    for closed in store.close_abandoned():
        report(closed)
    state = store.routing()
    router.project(store.routing)
    if state.live_slot is None:
        for slot in SLOTS:
            if not state.should_run[slot]:
                slots.stop(slot)
        return state
    _start(store, slots, state, state.live_slot)
    live_release = state.releases[state.live_slot] or ""
    idle_release = state.releases[state.idle_slot]
    if idle_release is not None and store.state_of(idle_release) is State.STANDBY:
        _start(store, slots, state, state.idle_slot)  # both start at the same time
    slots.wait_ready(state.live_slot, live_release, ready_timeout)
    report(f"{live_release} answers in {state.live_slot}")
    standby = restore_idle_slot(store, slots, router, ready_timeout)
    if standby is not None:
        report(f"{standby} stands by in {state.idle_slot}")
    try:
        world.aliases.point("champion", store.release(live_release).model_version)
    except StepFailed as error:
        report(f"alias champion not checked: {error}")
    return store.routing()


def _start(store: ReleaseStore, slots: Slots, state: RoutingState, slot: Slot) -> None:
    release_id = state.releases[slot]
    if release_id is not None and state.should_run[slot]:
        slots.run(slot, store.release(release_id))
