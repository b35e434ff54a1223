"""The flow that goes back to an earlier release, for alerts and for people; `recops rollback` does without Prefect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed

from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.rollout.bring_up import Limits
from components.rollout.outcomes import NothingToRollBackTo
from components.rollout.ports import StepFailed, World
from components.rollout.rollback import Cause, Outcome, cause_of_alert, roll_back, roll_back_to, tidy_up
from flows.release_artifact import make_history_artifact
from jobs.monitoring.alert_thread import say_in_thread
from jobs.promotion.promote import limits_of
from jobs.stack import world


@flow(name="rollback")
def rollback(
    reason: str = "asked for by hand",
    blamed: str | None = None,
    alert_id: int | str | None = None,
    to: str | None = None,
) -> State[Any]:
    """Go back to the release before at once; a running promotion is cancelled, never waited for.

    Args:
        reason: kept in the history.
        blamed: the release that is to go; nothing is done where it takes no traffic any more.
        alert_id: the incident that asks for it, which automations give as text; the release is rejected, and the
            outcome is said in the incident's thread.
        to: another release that has been live; it is started first where it does not stand by.
    """
    settings = load_settings()
    logger = get_run_logger()
    limits = limits_of(read_params(settings.project / "params.yaml").promotion)
    parts = world(settings)
    by_alert = alert_id is not None
    cause = cause_of_alert(str(alert_id), reason, blamed) if by_alert else Cause("rollback flow", reason, blamed)
    outcome = _go_back(parts, to, cause, limits, logger.info)
    if isinstance(outcome, NothingToRollBackTo):
        line = outcome.reason
    else:
        line = f"rolled back: {parts.store.routing().live_release} is live"
    if alert_id is not None:
        say_in_thread(settings, int(alert_id), line)
    tidy_up(parts, outcome, cause, limits, logger.info)
    make_history_artifact(settings)
    return Failed(message=line) if isinstance(outcome, NothingToRollBackTo) else Completed(message=line)


def _go_back(parts: World, to: str | None, cause: Cause, limits: Limits, report: Callable[[str], None]) -> Outcome:
    try:
        if to is None:
            return roll_back(parts, cause, limits, report)
        return roll_back_to(parts, to, cause, limits, report)
    except (StepFailed, LookupError) as error:
        return NothingToRollBackTo(str(error))
