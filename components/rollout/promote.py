"""Promotes a release blue-green: lease, build, idle slot, ready, smoke test, switch, standby.

The store decides first; the router and the aliases follow it. Each side effect comes right after a renewal of
the lease, which fails when the epoch has moved on, so a promotion that was paused past its lease changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from components.rollout.acquire_lease import acquire_lease
from components.rollout.keep_lease import LeaseKeeper
from components.rollout.outcomes import Promoted, Refused
from components.rollout.ports import Lease, LeaseHeld, LeaseLost, StepFailed, World
from components.rollout.reconcile import ROUTER_SECONDS, restore_standby
from components.rollout.release import Release
from components.rollout.states import State

Build = Callable[[str, str | None], Release]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds."""

    lease: float
    ready: float
    smoke: float


def promote(
    world: World,
    build: Build,
    by: str,
    limits: Limits,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> Promoted | Refused:
    """Build a release and make it live.

    `build(release_id, parent_id)` makes the immutable release; it raises `StepFailed` when it cannot.
    """
    lease = acquire_lease(lambda: world.store.acquire("promote", by, limits.lease), limits.lease, sleep)
    if isinstance(lease, LeaseHeld):
        return Refused(
            f"rollout {lease.rollout_id}, started by {lease.by}, is still running; wait for it or run `recops rollback`"
        )
    with LeaseKeeper(world.store, lease, limits.lease):
        try:
            return _promote(world, lease, build, limits, report)
        except LeaseLost as error:
            return Refused(f"stopped: {error}")


def _promote(world: World, lease: Lease, build: Build, limits: Limits, report: Report) -> Promoted | Refused:
    store, slots = world.store, world.slots
    before = store.routing()
    release_id = f"release-{lease.rollout_id}"
    try:
        store.record_step(lease, "build")
        release = build(release_id, before.live_release)
        store.add_release(lease, release)
        report(f"built {release_id} as {release.bento_tag}")

        slot = store.take_idle_slot(lease, release_id)
        world.router.project(store.routing)
        report(f"starting {release_id} in {slot}")
        slots.run(slot, release, lambda: store.renew(lease, limits.lease))
        slots.wait_ready(slot, release_id, limits.ready)
        if not world.router.wait_healthy(slot, ROUTER_SECONDS):
            report(f"the gateway does not see {slot} yet; it uses it as soon as it does")
        store.move(lease, release_id, State.READY)
        report(f"{slot} is ready; asking it the smoke test")

        checked = slots.smoke_test(slot, limits.smoke)
        store.record_step(lease, "smoke test", checked)
        store.move(lease, release_id, State.SMOKE_TESTED)
        report("smoke test passed: " + ", ".join(f"{name} {value}" for name, value in checked.items()))

        store.make_live(lease, release_id)
    except StepFailed as error:
        _give_up(world, lease, limits, report, str(error))
        return Refused(str(error), release_id)
    except LeaseLost:
        raise
    except Exception as error:
        _give_up(world, lease, limits, report, f"{type(error).__name__}: {error}")
        raise

    world.router.project(store.routing)
    report(f"{release_id} is live in {slot}")
    warnings = _point_champion(world, lease, release, limits)
    return Promoted(release, slot, before.live_release, warnings)


def _give_up(world: World, lease: Lease, limits: Limits, report: Report, reason: str) -> None:
    """Put the standby back where it stood, and only then give the lease back."""
    world.store.fail(lease, reason)
    report(f"failed: {reason}; the live release is untouched")
    restore_standby(world, lease, limits.lease, limits.ready, report)
    world.store.finish(lease, "failed", reason)


def _point_champion(world: World, lease: Lease, release: Release, limits: Limits) -> tuple[str, ...]:
    warnings: tuple[str, ...] = ()
    try:
        world.store.renew(lease, limits.lease)
        world.aliases.point("champion", release.model_version)
    except StepFailed as error:
        warnings = (f"alias champion not moved: {error}; `recops reconcile` moves it",)
    world.store.finish(lease, "promoted")
    return warnings
