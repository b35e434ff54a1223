"""The flow that goes back to an earlier release, for alerts and for people; `recops rollback` does without Prefect."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed


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
    from jobs.promotion.history import history_page
    from jobs.promotion.roll_back import RollbackRequest, run_rollback
    from jobs.wiring.workbench import open_workbench

    asked = RollbackRequest(reason, blamed, None if alert_id is None else int(alert_id), to)
    with open_workbench() as bench:
        told = run_rollback(bench, asked, get_run_logger().info)
        create_markdown_artifact(history_page(bench), key="releases")
    return Completed(message=told.line) if told.done else Failed(message=told.line)
