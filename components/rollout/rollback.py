"""Goes back to the release before the live one, or to any earlier one, stopping whatever promotion runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from components.rollout.bring_up import Limits, bring_up
from components.rollout.keep_lease import LeaseKeeper
from components.rollout.lease import Lease, LeaseHeld, LeaseLost
from components.rollout.lease_commands import AcquireMaintenance, Finish
from components.rollout.outcomes import (
    CanaryStopped,
    NothingToRollBackTo,
    PromotionCancelled,
    RolledBack,
    StandbyNotReady,
)
from components.rollout.ports import StepFailed, World
from components.rollout.promotion_commands import FinishDraining, GiveUp, MakeLive
from components.rollout.reconcile import drain, point_champion, restore_standby, tell_registry
from components.rollout.rollback_commands import GoBackTo, RollBack, WentBack

Report = Callable[[str], None]
Came = TypeVar("Came")
Outcome = RolledBack | CanaryStopped | PromotionCancelled | NothingToRollBackTo


@dataclass(frozen=True)
class Cause:
    """Who wants to go back, and why.

    Attributes:
        blamed: the release that is to go; whichever took traffic last by default.
        reject: it, and any release of its recipe, is never promoted again by itself.
    """

    by: str
    reason: str
    blamed: str | None = None
    reject: bool = False


def cause_of_alert(alert: str, reason: str, blamed: str | None = None) -> Cause:
    """What an alert has to say: the release that it blames is rejected."""
    return Cause(f"alert {alert}", reason, blamed, reject=True)


def roll_back(world: World, cause: Cause, limits: Limits, report: Report) -> Outcome:
    """Stop a canary, or switch to the standby at once; where a promotion took its slot, start it there and switch then.

    Waits for no lease: it raises the epoch, which ends the lease of a running promotion. Once users are answered as
    they were before, it puts the idle slot in order, unless another promotion has begun.
    """

    def attempt() -> WentBack:
        return world.store.commit(RollBack(cause.by, cause.reason, cause.blamed, cause.reject))

    outcome: Outcome = _started(world, attempt, limits, report)
    return _told(world, outcome, report)


def tidy_up(world: World, outcome: Outcome, cause: Cause, limits: Limits, report: Report) -> None:
    """After `roll_back` put the idle slot in order: the standby back where a canary was, a rejected release stopped."""
    if isinstance(outcome, RolledBack) and not cause.reject:
        drain(world, world.store.routing().idle_slot)
        world.store.commit(FinishDraining())
    elif isinstance(outcome, RolledBack | CanaryStopped | PromotionCancelled):
        failure = _restore(world, limits, report)
        if failure:
            report(failure)


def roll_back_to(world: World, release_id: str, cause: Cause, limits: Limits, report: Report) -> Outcome:
    """Make an earlier release live, starting it in the idle slot first; what runs is cancelled, never waited for.

    A release that was rejected or has never been live is refused: promote its recipe instead.
    """

    def attempt() -> WentBack | Lease:
        return world.store.commit(GoBackTo(release_id, cause.by, cause.reason, limits.lease, cause.reject))

    outcome: Outcome | Lease = _started(world, attempt, limits, report)
    if not isinstance(outcome, Lease):
        return _told(world, outcome, report)
    with LeaseKeeper(world.store, outcome, limits.lease):
        try:
            return _bring_back(world, outcome, release_id, cause, limits, report)
        except LeaseLost as error:
            return NothingToRollBackTo(f"stopped: {error}")


def _bring_back(
    world: World, lease: Lease, release_id: str, cause: Cause, limits: Limits, report: Report
) -> RolledBack | NothingToRollBackTo:
    store = world.store
    former = store.routing().live_release
    assert former is not None  # noqa: S101 - without a live release there is no lease for going back
    try:
        bring_up(world, lease, store.release(release_id), limits, report)
        store.commit(MakeLive(lease))
    except StepFailed as error:
        store.commit(GiveUp(lease, str(error)))
        restore_standby(world, lease, limits.lease, limits.ready, report)
        store.commit(Finish(lease, "failed", f"{cause.reason}; then: {error}"))
        return NothingToRollBackTo(f"{release_id} does not come up, so nothing has changed: {error}")
    drain(world, store.routing().idle_slot)
    report(f"{release_id} is live again")
    store.commit(FinishDraining())
    warnings = _follow(world, former)
    store.commit(Finish(lease, "rolled back", cause.reason))
    return RolledBack(former, release_id, warnings)


def _started(
    world: World, attempt: Callable[[], Came | StandbyNotReady], limits: Limits, report: Report
) -> Came | NothingToRollBackTo:
    """What comes of the attempt, made once more where what is to answer had to be started first."""
    outcome = attempt()
    if not isinstance(outcome, StandbyNotReady):
        return outcome
    report(f"{outcome.release_id} does not run any more; starting it")
    failure = _restore(world, limits, report)
    if failure:
        return NothingToRollBackTo(failure)
    again = attempt()
    if not isinstance(again, StandbyNotReady):
        return again
    return NothingToRollBackTo(f"{again.release_id} was taken down again meanwhile; see `recops releases`")


def _told(world: World, outcome: Outcome, report: Report) -> Outcome:
    """The outcome with what does not follow it, after the router does."""
    world.router.project(world.store.routing)
    if isinstance(outcome, RolledBack):
        report(f"{outcome.to_release} is live again")
        return replace(outcome, warnings=_follow(world, outcome.from_release))
    if isinstance(outcome, CanaryStopped):
        report(f"{outcome.live_release} answers all users again")
        return replace(outcome, warnings=_tell(world, outcome.canary))
    return outcome


def _restore(world: World, limits: Limits, report: Report) -> str | None:
    """None when the idle slot is as the store says, else why it is not."""
    lease = world.store.commit(AcquireMaintenance(limits.lease))
    if isinstance(lease, LeaseHeld):
        return f"rollout {lease.rollout_id} by {lease.by} has begun meanwhile, and looks after the slots"
    with LeaseKeeper(world.store, lease, limits.lease):
        try:
            wanted = world.store.routing().releases[world.store.routing().idle_slot]
            restored = restore_standby(world, lease, limits.lease, limits.ready, report)
            world.store.commit(Finish(lease, "restored"))
            if wanted is not None and restored is None:
                return "the release before the live one does not start; see `recops logs blue` and `recops logs green`"
        except (LeaseLost, StepFailed) as error:
            return str(error)
    return None


def _follow(world: World, former: str) -> tuple[str, ...]:
    """What does not follow the switch, in words."""
    live = world.store.routing().live_release
    if live is None:
        return ()
    try:
        point_champion(world, world.store.release(live))
    except StepFailed as error:
        return (f"alias champion not moved: {error}; `recops reconcile` moves it",)
    return _tell(world, former)


def _tell(world: World, release_id: str) -> tuple[str, ...]:
    try:
        tell_registry(world, release_id)
    except StepFailed as error:
        return (f"the registry does not know what became of {release_id}: {error}",)
    return ()
