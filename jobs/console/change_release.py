"""Promotes or goes back on behalf of an operator, and writes down in the audit log who asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from components.adapters.prefect_api import PrefectApiError
from components.rollout.outcomes import CanaryStopped, NothingToRollBackTo, PromotionCancelled
from components.rollout.rollback import Cause, Outcome
from jobs.promotion.roll_back import gateway_follows, go_back, tidy_up
from jobs.wiring.workbench import Workbench

logger = logging.getLogger("recops.console")


@dataclass(frozen=True)
class ChangeTold:
    """Whether it was done, in words; `run_id` where a flow does it; `afterwards` is to be done when nobody waits."""

    done: bool
    line: str
    run_id: str | None = None
    afterwards: Callable[[], None] | None = None


def start_promotion(bench: Workbench, by: str, now: float) -> ChangeTold:
    """Starts the flow `promote/default`, which takes the challenger."""
    try:
        run_id = bench.prefect.run("promote/default", {})
    except PrefectApiError as error:
        return ChangeTold(False, f"the promotion was not started: {error}")
    bench.store.audit.note(now, by, "promotion asked for", {"flow_run": run_id})
    return ChangeTold(True, "the promotion has begun; this page shows how far it is", run_id)


def go_back_now(bench: Workbench, to: str | None, reason: str, by: str, now: float) -> ChangeTold:
    """Goes back at once where this process reaches the slots; elsewhere the flow `rollback/default` does it.

    `to` is the release to go back to, None for the standby, or for the live one while a canary runs.
    """
    details = {"to": to or "the one before", "reason": reason}
    if bench.settings.processes == "containers":
        try:
            parameters = {"reason": reason, **({"to": to} if to else {})}
            run_id = bench.prefect.run("rollback/default", parameters)
        except PrefectApiError as error:
            return ChangeTold(False, f"the way back was not started: {error}")
        bench.store.audit.note(now, by, "rollback asked for", {**details, "flow_run": run_id})
        return ChangeTold(True, "the way back has begun; this page shows how far it is", run_id)
    cause = Cause(by, reason)
    outcome = go_back(bench, to, cause, logger.info)
    if isinstance(outcome, NothingToRollBackTo):
        return ChangeTold(False, outcome.reason)
    bench.store.audit.note(now, by, "rolled back", details)
    follows = "" if gateway_follows(bench) else "; the gateway does not answer, and follows as soon as it is back"
    return ChangeTold(
        True, f"{_line(outcome)}{follows}", afterwards=lambda: tidy_up(bench, outcome, cause, logger.info)
    )


def _line(outcome: Outcome) -> str:
    if isinstance(outcome, CanaryStopped):
        return f"{outcome.live_release} answers all users again; the canary {outcome.canary} is out"
    if isinstance(outcome, PromotionCancelled):
        return f"cancelled rollout {outcome.rollout_id}; {outcome.live_release or 'nothing'} stays live"
    assert not isinstance(outcome, NothingToRollBackTo)  # noqa: S101 - told before
    return f"{outcome.to_release} is live again; {outcome.from_release} stands by"
