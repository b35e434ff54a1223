"""Promotes a release blue-green: lease, build, gate, idle slot, ready, smoke test, canary, switch, standby.

The store decides first; the router and the aliases follow it. Each side effect comes right after a renewal of
the lease, which fails when the epoch has moved on, so a promotion that was paused past its lease changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from components.config.promotion import Canary
from components.rollout.acquire_lease import acquire_lease
from components.rollout.bring_up import Limits, bring_up
from components.rollout.keep_lease import LeaseKeeper
from components.rollout.lease import Lease, LeaseHeld, LeaseLost
from components.rollout.lease_commands import Acquire, Finish, Renew
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.ports import StepFailed, World
from components.rollout.promotion_commands import AddRelease, FinishDraining, GiveUp, MakeLive, RecordStep
from components.rollout.reconcile import drain, point_champion, restore_standby
from components.rollout.release import Release
from components.rollout.release_gate import ReleaseCheck
from components.rollout.routing import Slot
from components.rollout.watch_canary import CanaryHarmful, Clock, Trial, watch_canary

Report = Callable[[str], None]
Build = Callable[[str, str | None], Release]


@dataclass(frozen=True)
class Making:
    """How a release comes about.

    Attributes:
        build: `build(release_id, parent_id)` makes the immutable release; raises `StepFailed` when it cannot.
        examine: what the gate finds in it, before anything is started; raises `StepFailed` when it cannot look.
    """

    build: Build
    examine: Callable[[Release], Sequence[ReleaseCheck]]


@dataclass(frozen=True)
class _Promotion:
    world: World
    lease: Lease
    making: Making
    limits: Limits
    canary: Canary
    report: Report
    clock: Clock


def promote(
    world: World,
    making: Making,
    by: str,
    limits: Limits,
    canary: Canary,
    report: Report,
    clock: Clock = Clock(time.time, time.sleep),  # noqa: B008 - the real one, a value without state
) -> Promoted | PromotionRefused:
    """Build a release and make it live, by way of a canary unless it is the first."""
    lease = acquire_lease(lambda: world.store.commit(Acquire(by, limits.lease)), limits.lease, clock.sleep)
    if isinstance(lease, LeaseHeld):
        return PromotionRefused(
            f"rollout {lease.rollout_id}, started by {lease.by}, is still running; wait for it or run `recops rollback`"
        )
    with LeaseKeeper(world.store, lease, limits.lease):
        try:
            return _promote(_Promotion(world, lease, making, limits, canary, report, clock))
        except LeaseLost as error:
            return PromotionRefused(f"stopped: {error}")


def _promote(this: _Promotion) -> Promoted | PromotionRefused:
    store, before = this.world.store, this.world.store.routing()
    release_id = f"release-{this.lease.rollout_id}"
    try:
        release = _make(this, release_id, before.live_release)
        slot = bring_up(this.world, this.lease, release, this.limits, this.report)
        if before.live_release is not None:
            watch_canary(_trial(this, release, slot, before.live_release), this.report)
        store.commit(MakeLive(this.lease))
    except LeaseLost:
        raise
    except CanaryHarmful as error:
        return _give_up(this, release_id, str(error), rejected=True)
    except StepFailed as error:
        return _give_up(this, release_id, str(error))
    except Exception as error:
        _give_up(this, release_id, f"{type(error).__name__}: {error}")
        raise
    warnings = _follow(this, release, slot)
    return Promoted(release, slot, before.live_release, warnings)


def _make(this: _Promotion, release_id: str, parent_id: str | None) -> Release:
    store = this.world.store
    store.commit(RecordStep(this.lease, "build"))
    release = this.making.build(release_id, parent_id)
    store.commit(AddRelease(this.lease, release))
    this.report(f"built {release_id} as {release.bento_tag}")
    checks = this.making.examine(release)
    store.commit(RecordStep(this.lease, "gate", {"checks": [asdict(check) for check in checks]}))
    for check in checks:
        this.report(f"gate: {'passed' if check.passed else 'FAILED'}: {check.explanation}")
    if failed := [check.explanation for check in checks if not check.passed]:
        raise StepFailed("gate: " + "; ".join(failed))
    return release


def _trial(this: _Promotion, release: Release, slot: Slot, live_release: str) -> Trial:
    return Trial(
        this.world, this.lease, this.limits.lease, release, slot, live_release, plan=this.canary, clock=this.clock
    )


def _give_up(this: _Promotion, release_id: str, reason: str, rejected: bool = False) -> PromotionRefused:
    """Put the standby back where it stood, and only then give the lease back.

    Where even the store takes nothing more, the lease ends by itself, and `reconcile` does the same.
    """
    store = this.world.store
    this.report(f"failed: {reason}; the live release answers as before")
    try:
        store.commit(GiveUp(this.lease, reason, rejected))
        restore_standby(this.world, this.lease, this.limits.lease, this.limits.ready, this.report)
        store.commit(Finish(this.lease, "rejected" if rejected else "failed", reason))
    except StepFailed as error:
        left = f"{error}; `recops reconcile` puts the slots in order"
        this.report(left)
        return PromotionRefused(f"{reason}; then: {left}", release_id)
    return PromotionRefused(reason, release_id)


def _follow(this: _Promotion, release: Release, slot: Slot) -> tuple[str, ...]:
    """After the switch nothing can fail any more, but what does not follow the store is told."""
    world, store = this.world, this.world.store
    warnings = []
    try:
        drain(world, store.routing().idle_slot)
        this.report(f"{release.release_id} is live in {slot}")
        store.commit(FinishDraining())
        store.commit(Renew(this.lease, this.limits.lease))
    except StepFailed as error:
        warnings.append(f"{error}; `recops reconcile` mends it")
    try:
        point_champion(world, release)
    except StepFailed as error:
        warnings.append(f"alias champion not moved: {error}; `recops reconcile` moves it")
    try:
        store.commit(Finish(this.lease, "promoted"))
    except StepFailed as error:
        warnings.append(f"{error}; the rollout is closed when its lease ends")
    return tuple(warnings)
