"""Decides what is done about an incident by itself: retrain, go back to the release before, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.config.monitor import Answering
from monitoring.alerting.blame import ReleaseChange
from monitoring.rules.table import Rule

DAY = 86_400.0


@dataclass(frozen=True)
class Retrain:
    """Ingest what the event store has gained, and train again."""

    reason: str


@dataclass(frozen=True)
class GoBack:
    """The release that the fall came with is rejected, and the one before it answers again."""

    release_id: str
    to: str
    reason: str


@dataclass(frozen=True)
class LeaveIt:
    """Nothing is done, because of what is said."""

    reason: str


Answer = Retrain | GoBack | LeaveIt


def choose_answer(
    rule: Rule,
    change: ReleaseChange | None,
    live_release: str | None,
    retrained_at: Sequence[float],
    now: float,
    limits: Answering,
) -> Answer:
    """The one answer to an incident when it opens; never a retrain and a rollback for one.

    Args:
        change: the change of release that the fall came with, if any.
        retrained_at: when incidents were last answered by a retrain.
    """
    if rule.answer == "none":
        return LeaveIt("this rule is only told")
    if not limits.enabled:
        return LeaveIt("monitor.answering.enabled is false")
    if change is not None and change.release_id == live_release:
        return GoBack(change.release_id, change.before, f"the fall came with {change.release_id}")
    today = [at for at in retrained_at if at > now - DAY]
    if len(today) >= limits.max_per_day:
        return LeaveIt(f"{len(today)} retrains in 24 hours are as many as monitor.answering.max_per_day allows")
    wait = limits.cool_down_minutes * 60 - (now - max(today, default=float("-inf")))
    if wait > 0:
        return LeaveIt(f"the last retrain was asked for less than {limits.cool_down_minutes:g} minutes ago")
    return Retrain("the fall came with no change of release")
