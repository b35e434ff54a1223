"""Tells in words what became of a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from components.rollout.states import State

MAX_CHARACTERS = 1000
"""Of one line; registries cut or refuse longer tags."""
SHOWN = {State.BUILT, State.CANARY, State.LIVE, State.RETIRED, State.FAILED, State.REJECTED}
"""What a reader wants to know of a release's life; the rest lasts seconds."""


@dataclass(frozen=True)
class StateChange:
    """A release came to `state` at `at` (seconds since 1970), by whom, why where there is a reason, in which epoch."""

    state: State
    at: float
    by: str
    reason: str | None
    epoch: int


def in_one_line(changes: Sequence[StateChange]) -> str:
    """Where it stands and since when, then the milestones; oldest first, cut to `MAX_CHARACTERS`."""
    if not changes:
        return "unknown"
    last = changes[-1]
    milestones = [_milestone(change) for change in changes if change.state in SHOWN]
    return f"{last.state} since {shown_time(last.at)}: {', '.join(milestones)}"[:MAX_CHARACTERS]


def shown_time(seconds: float) -> str:
    """Seconds since 1970 for people: 2026-11-25 03:10:07Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _milestone(change: StateChange) -> str:
    reason = f" ({change.reason.splitlines()[0]})" if change.reason else ""
    return f"{change.state}{reason} {shown_time(change.at)} by {change.by}"
