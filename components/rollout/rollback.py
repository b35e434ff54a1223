"""Goes back to the standby release at once, stopping whatever promotion runs."""

from __future__ import annotations

from dataclasses import replace

from components.rollout.outcomes import NothingToRollBackTo, PromotionCancelled, RolledBack
from components.rollout.ports import Aliases, ReleaseStore, Router, StepFailed


def roll_back(
    store: ReleaseStore, router: Router, aliases: Aliases, by: str, reason: str
) -> RolledBack | PromotionCancelled | NothingToRollBackTo:
    """Switch to the standby. Waits for no lease: it raises the epoch, which ends the lease of a running promotion."""
    outcome = store.roll_back(by, reason)
    if isinstance(outcome, NothingToRollBackTo):
        return outcome
    router.project(store.routing)
    if isinstance(outcome, PromotionCancelled):
        return outcome
    try:
        aliases.point("champion", store.release(outcome.to_release).model_version)
    except StepFailed as error:
        warning = f"alias champion not moved: {error}; `recops reconcile` moves it"
        return replace(outcome, warnings=(warning,))
    return outcome
