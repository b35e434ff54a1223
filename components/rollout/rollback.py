"""Goes back to the release before the live one, stopping whatever promotion runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from components.rollout.keep_lease import LeaseKeeper
from components.rollout.outcomes import NothingToRollBackTo, PromotionCancelled, RolledBack, StandbyNotReady
from components.rollout.ports import LeaseHeld, LeaseLost, StepFailed, World
from components.rollout.reconcile import restore_standby


def roll_back(
    world: World, by: str, reason: str, lease_seconds: float, ready_timeout: float, report: Callable[[str], None]
) -> RolledBack | PromotionCancelled | NothingToRollBackTo:
    """Switch to the standby at once; where a promotion took its slot, start it there again and switch then.

    Waits for no lease: it raises the epoch, which ends the lease of a running promotion.
    """
    outcome = world.store.roll_back(by, reason)
    if isinstance(outcome, StandbyNotReady):
        report(f"{outcome.release_id} does not run any more; starting it")
        failure = _start_standby(world, lease_seconds, ready_timeout, report)
        outcome = NothingToRollBackTo(failure) if failure else world.store.roll_back(by, reason)
    if isinstance(outcome, StandbyNotReady):
        return NothingToRollBackTo(f"{outcome.release_id} was taken down again meanwhile; see `recops releases`")
    world.router.project(world.store.routing)
    if not isinstance(outcome, RolledBack):
        return outcome
    try:
        world.aliases.point("champion", world.store.release(outcome.to_release).model_version)
    except StepFailed as error:
        return replace(outcome, warnings=(f"alias champion not moved: {error}; `recops reconcile` moves it",))
    return outcome


def _start_standby(
    world: World, lease_seconds: float, ready_timeout: float, report: Callable[[str], None]
) -> str | None:
    """None when the standby is ready, else why it is not."""
    lease = world.store.acquire_maintenance(lease_seconds)
    if isinstance(lease, LeaseHeld):
        return f"rollout {lease.rollout_id} by {lease.by} has begun meanwhile; run `recops rollback` again"
    with LeaseKeeper(world.store, lease, lease_seconds):
        try:
            if restore_standby(world, lease, lease_seconds, ready_timeout, report) is None:
                world.store.finish(lease, "failed")
                return "the release before the live one does not start; see `recops logs blue` and `recops logs green`"
            world.store.finish(lease, "restored")
        except LeaseLost as error:
            return str(error)
    return None
