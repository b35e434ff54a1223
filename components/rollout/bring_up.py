"""Starts a release in the idle slot and tests it there, out of everybody's way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.rollout.lease import Lease
from components.rollout.lease_commands import Renew
from components.rollout.ports import World
from components.rollout.promotion_commands import Advance, RecordStep, TakeIdleSlot
from components.rollout.reconcile import ROUTER_SECONDS, drain
from components.rollout.release import Release
from components.rollout.routing import Slot
from components.rollout.states import State

Report = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds."""

    lease: float
    ready: float
    smoke: float


def bring_up(world: World, lease: Lease, release: Release, limits: Limits, report: Report) -> Slot:
    """The slot in which the release has passed its smoke test.

    Raises:
        StepFailed: it does not start, or answers otherwise than it must.
        LeaseLost: another promotion or a rollback took over.
    """
    store, slots, release_id = world.store, world.slots, release.release_id
    slot = store.commit(TakeIdleSlot(lease))
    drain(world, slot)
    report(f"starting {release_id} in {slot}")
    slots.run(slot, release, lambda: store.commit(Renew(lease, limits.lease)))
    slots.wait_ready(slot, release_id, limits.ready)
    if not world.router.wait_healthy(slot, ROUTER_SECONDS):
        report(f"the gateway does not see {slot} yet; it uses it as soon as it does")
    store.commit(Advance(lease, State.READY))
    report(f"{slot} is ready; asking it the smoke test")

    checked = slots.smoke_test(slot, limits.smoke)
    store.commit(RecordStep(lease, "smoke test", checked))
    store.commit(Advance(lease, State.SMOKE_TESTED))
    report("smoke test passed: " + ", ".join(f"{name} {value}" for name, value in checked.items()))
    return slot
