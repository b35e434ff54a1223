"""The flow that goes back from a release that an alert blames; `recops rollback` does the same without Prefect."""

from __future__ import annotations

import time
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed

from components.adapters.event_store.alerts import AlertStore
from components.adapters.event_store.engine import open_engine
from components.adapters.params_file import read_params
from components.adapters.settings import load_settings
from components.rollout.outcomes import NothingToRollBackTo
from components.rollout.rollback import roll_back
from flows.stack import existing_store_url, world


@flow(name="rollback")
def rollback(reason: str = "asked for by hand", blamed: str | None = None, alert_id: int | None = None) -> State[Any]:
    """Go back to the release before.

    Args:
        reason: kept in the history.
        blamed: the release that is to go; nothing is done when another one is live by now.
        alert_id: the incident that asks for it, in whose thread the outcome is said.
    """
    settings = load_settings()
    logger = get_run_logger()
    parts = world(settings)
    live = parts.store.routing().live_release
    if blamed is not None and live != blamed:
        line = f"{blamed} is not live any more, {live} is; nothing to do"
        _say(settings, alert_id, line)
        return Completed(name="NothingChanged", message=line)
    limits = read_params(settings.project / "params.yaml").promotion
    by = f"alert {alert_id}" if alert_id is not None else "rollback flow"
    outcome = roll_back(parts, by, reason, limits.lease_seconds, limits.ready_timeout_seconds, logger.info)
    failed = isinstance(outcome, NothingToRollBackTo)
    line = (
        outcome.reason
        if isinstance(outcome, NothingToRollBackTo)
        else f"{parts.store.routing().live_release} is live again"
    )
    _say(settings, alert_id, f"rollback: {line}")
    return Failed(message=line) if failed else Completed(message=line)


def _say(settings: Any, alert_id: int | None, line: str) -> None:
    if alert_id is not None:
        AlertStore(open_engine(existing_store_url(settings))).add_to_thread(alert_id, line, time.time())
