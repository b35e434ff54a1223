"""Goes back to the release before the live one, or to any earlier one, stopping whatever promotion runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from components.rollout.bring_up import Limits, bring_up
from components.rollout.keep_lease import LeaseKeeper
from components.rollout.outcomes import (
    CanaryStopped,
    NothingToRollBackTo,
    PromotionCancelled,
    RolledBack,
    StandbyNotReady,
)
from components.rollout.ports import LeaseHeld, LeaseLost, StepFailed, World
from components.rollout.reconcile import drain, point_champion, restore_standby, tell_registry
from components.rollout.states import WARM, State

Report = Callable[[str], None]
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

    def attempt() -> Outcome | StandbyNotReady:
        return world.store.roll_back(cause.by, cause.reason, cause.blamed, cause.reject)

    outcome = attempt()
    if isinstance(outcome, StandbyNotReady):
        report(f"{outcome.release_id} does not run any more; starting it")
        failure = _restore(world, limits, report)
        outcome = NothingToRollBackTo(failure) if failure else attempt()
    if isinstance(outcome, StandbyNotReady):
        return NothingToRollBackTo(f"{outcome.release_id} was taken down again meanwhile; see `recops releases`")
    world.router.project(world.store.routing)
    if isinstance(outcome, RolledBack):
        report(f"{outcome.to_release} is live again")
        outcome = replace(outcome, warnings=_follow(world, outcome.from_release))
    elif isinstance(outcome, CanaryStopped):
        report(f"{outcome.live_release} answers all users again")
        outcome = replace(outcome, warnings=_tell(world, outcome.canary))
    return outcome


def tidy_up(world: World, outcome: Outcome, cause: Cause, limits: Limits, report: Report) -> None:
    """After `roll_back` put the idle slot in order: the standby back where a canary was, a rejected release stopped."""
    if isinstance(outcome, RolledBack) and not cause.reject:
        drain(world, world.store.routing().idle_slot)
        world.store.finish_draining()
    elif isinstance(outcome, RolledBack | CanaryStopped | PromotionCancelled):
        failure = _restore(world, limits, report)
        if failure:
            report(failure)


def roll_back_to(
    world: World, release_id: str, cause: Cause, limits: Limits, report: Report
) -> RolledBack | NothingToRollBackTo:
    """Make an earlier release live, starting it in the idle slot first; what runs is cancelled, never waited for.

    A release that was rejected or has never been live is refused: promote its recipe instead.
    """
    store = world.store
    state = store.routing()
    if release_id == state.live_release:
        return NothingToRollBackTo(f"{release_id} is live already")
    standing = store.state_of(release_id)
    if standing in WARM and state.canary_release is None and release_id == state.standby_release:
        outcome = roll_back(world, replace(cause, blamed=state.live_release), limits, report)
        if isinstance(outcome, RolledBack | NothingToRollBackTo):
            return outcome
    if standing not in WARM | {State.RETIRED} or state.live_release is None:
        return NothingToRollBackTo(f"{release_id} is {standing}; only a release that has been live can be gone back to")
    lease = store.seize("rollback", cause.by, cause.reason, limits.lease)
    with LeaseKeeper(store, lease, limits.lease):
        try:
            release = store.take_up(lease, release_id)
            if store.state_of(release_id) in WARM:  # a promotion had taken its slot, and has just been cancelled
                store.move(lease, release_id, State.RETIRED, "its slot was taken")
            try:
                bring_up(world, lease, release, limits, report)
                store.make_live(lease, release_id)
            except StepFailed as error:
                store.fail(lease, str(error))
                restore_standby(world, lease, limits.lease, limits.ready, report)
                store.finish(lease, "failed", f"{cause.reason}; then: {error}")
                return NothingToRollBackTo(f"{release_id} does not come up, so nothing has changed: {error}")
            drain(world, store.routing().idle_slot)
            report(f"{release_id} is live again")
            store.finish_draining()
            warnings = _follow(world, state.live_release)
            store.finish(lease, "rolled back", cause.reason)
        except LeaseLost as error:
            return NothingToRollBackTo(f"stopped: {error}")
    return RolledBack(state.live_release, release_id, warnings)


def _restore(world: World, limits: Limits, report: Report) -> str | None:
    """None when the idle slot is as the store says, else why it is not."""
    lease = world.store.acquire_maintenance(limits.lease)
    if isinstance(lease, LeaseHeld):
        return f"rollout {lease.rollout_id} by {lease.by} has begun meanwhile, and looks after the slots"
    with LeaseKeeper(world.store, lease, limits.lease):
        try:
            wanted = world.store.routing().releases[world.store.routing().idle_slot]
            restored = restore_standby(world, lease, limits.lease, limits.ready, report)
            world.store.finish(lease, "restored")
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
