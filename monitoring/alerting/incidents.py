"""Decides what a verdict means for the incident of its rule: open it, tell of a change, count a calm window, end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.rules.judge import Clear, Firing, Unjudged, Verdict

ONE_SIDED = 1.64
"""Standard errors of a one-sided 5 % test."""


@dataclass(frozen=True)
class Open:
    """Nothing was open, and the rule fires."""

    firing: Firing


@dataclass(frozen=True)
class Change:
    """The incident has become better or worse by a severity."""

    firing: Firing


@dataclass(frozen=True)
class Count:
    """Nothing to tell; `details` hold how many calm windows there were, and which was judged last."""

    details: Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """Calm for long enough; `calm_from` is the start of the first calm window."""

    value: float
    calm_from: float


Step = Open | Change | Count | End


def next_step(
    verdict: Verdict, severity: str | None, details: Mapping[str, Any], window_start: float, recovery_windows: int
) -> Step | None:
    """What follows; None when nothing does.

    Args:
        severity: of the open incident; None when there is none.
        details: of the open incident.
        window_start: of the window that was judged. A window that was judged before changes nothing again.
    """
    if severity is None:
        return Open(verdict) if isinstance(verdict, Firing) else None
    if window_start <= details.get("judged", float("-inf")):
        return None
    if isinstance(verdict, Unjudged) and verdict.newest is None:
        return None
    if _is_calm(verdict, details):
        calm = details.get("calm", 0) + 1
        calm_from = details["calm_from"] if calm > 1 else window_start
        if calm >= recovery_windows:
            return End(verdict.newest.after if verdict.newest else _value(verdict), calm_from)
        return Count({**details, "judged": window_start, "calm": calm, "calm_from": calm_from})
    if isinstance(verdict, Firing) and verdict.severity != severity:
        return Change(verdict)
    return Count({**details, "judged": window_start, "calm": 0})


def _is_calm(verdict: Verdict, details: Mapping[str, Any]) -> bool:
    """Whether the newest window shows that the incident is over.

    A fall is over when the newest window alone has clearly not fallen as far as in the incident, and not clearly by
    half of what is tolerated: a window near the limit by chance ends nothing, and a noisy one need not be perfect.
    """
    newest = verdict.newest
    if newest is None:
        return isinstance(verdict, Clear)
    reach = ONE_SIDED * newest.error
    return newest.relative + reach < details["relative"] and newest.relative - reach <= verdict.rule.limit / 2


def _value(verdict: Verdict) -> float:
    return verdict.value if isinstance(verdict, Clear) else float("nan")
