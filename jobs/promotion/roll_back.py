"""Goes back to an earlier release, for people and for incidents, and says what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from components.rollout.outcomes import NothingToRollBackTo
from components.rollout.ports import StepFailed
from components.rollout.rollback import Cause, Outcome, cause_of_alert, roll_back, roll_back_to
from components.rollout.rollback import tidy_up as tidy_world
from jobs.promotion.limits import limits_of
from jobs.wiring.workbench import Workbench

Report = Callable[[str], None]


@dataclass(frozen=True)
class RollbackRequest:
    """What to do: the parameters of the flow rollback, which describes them."""

    reason: str
    blamed: str | None = None
    alert_id: int | None = None
    to: str | None = None


@dataclass(frozen=True)
class RollbackTold:
    """Whether something was gone back to, and in one line what was done."""

    done: bool
    line: str


def run_rollback(bench: Workbench, asked: RollbackRequest, report: Report) -> RollbackTold:
    """Goes back, tells the incident that asked for it, and puts the idle slot in order afterwards."""
    if asked.alert_id is None:
        cause = Cause("rollback flow", asked.reason, asked.blamed)
    else:
        cause = cause_of_alert(str(asked.alert_id), asked.reason, asked.blamed)
    bench.store.audit.note(time.time(), cause.by, "rollback", asdict(asked))
    outcome = go_back(bench, asked.to, cause, report)
    if isinstance(outcome, NothingToRollBackTo):
        told = RollbackTold(False, outcome.reason)
    else:
        told = RollbackTold(True, f"rolled back: {bench.store.releases.routing().live_release} is live")
    if asked.alert_id is not None:
        bench.store.alerts.add_to_thread(asked.alert_id, told.line, time.time())
    tidy_up(bench, outcome, cause, report)
    return told


def go_back(bench: Workbench, to: str | None, cause: Cause, report: Report) -> Outcome:
    """Users are answered as before when this returns; `to` is started first where it does not stand by."""
    limits = limits_of(bench.params.promotion)
    try:
        if to is None:
            return roll_back(bench.world, cause, limits, report)
        return roll_back_to(bench.world, to, cause, limits, report)
    except (StepFailed, LookupError) as error:
        return NothingToRollBackTo(str(error))


def gateway_follows(bench: Workbench, seconds: float = 1.0) -> bool:
    """Whether the gateway does what the store says within so long."""
    return bench.world.router.wait_applied(bench.store.releases.routing().version, timeout=seconds)


def tidy_up(bench: Workbench, outcome: Outcome, cause: Cause, report: Report) -> None:
    """Puts the idle slot in order after `go_back`, when nobody waits any more."""
    tidy_world(bench.world, outcome, cause, limits_of(bench.params.promotion), report)
