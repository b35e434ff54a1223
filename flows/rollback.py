"""The flow that goes back from a release that an alert blames; `recops rollback` does the same without Prefect."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed

from components.adapters.params_file import read_params
from components.adapters.settings import load_settings
from components.rollout.outcomes import NothingToRollBackTo
from components.rollout.rollback import Cause, cause_of_alert, roll_back, tidy_up
from flows.alert_thread import say_in_thread
from flows.promotion import limits_of
from flows.stack import world


@flow(name="rollback")
def rollback(reason: str = "asked for by hand", blamed: str | None = None, alert_id: int | None = None) -> State[Any]:
    """Go back to the release before.

    Args:
        reason: kept in the history.
        blamed: the release that is to go; nothing is done where it takes no traffic any more.
        alert_id: the incident that asks for it; the release is rejected, and the outcome is said in its thread.
    """
    settings = load_settings()
    logger = get_run_logger()
    limits = limits_of(read_params(settings.project / "params.yaml").promotion)
    parts = world(settings)
    by_alert = alert_id is not None
    cause = cause_of_alert(str(alert_id), reason, blamed) if by_alert else Cause("rollback flow", reason, blamed)
    outcome = roll_back(parts, cause, limits, logger.info)
    if isinstance(outcome, NothingToRollBackTo):
        line = outcome.reason
    else:
        line = f"rolled back: {parts.store.routing().live_release} is live"
    if alert_id is not None:
        say_in_thread(settings, alert_id, line)
    tidy_up(parts, outcome, cause, limits, logger.info)
    return Failed(message=line) if isinstance(outcome, NothingToRollBackTo) else Completed(message=line)
