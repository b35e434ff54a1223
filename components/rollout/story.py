"""Tells in a sentence what a rollout did, from its row in the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.rollout.history import shown_time

CANARY = "canary "
Row = Mapping[str, Any]


def tell_rollout(row: Row) -> str:
    """What was tried, how far it came, and how it ended; one line."""
    release, before = row["release_id"] or "a release", row["from_release_id"]
    outcome, reason = row["outcome"], (row["reason"] or "").splitlines()[:1]
    because = f": {reason[0]}" if reason else ""
    if row["kind"] == "rollback":
        if outcome == "rolled back":
            return f"back to {release} from {before}{because}"
        return f"on the way back to {release} from {before}, {outcome or 'at ' + row['step']}{because}"
    steps = [name.removeprefix(CANARY) for name in row["checks"] if name.startswith(CANARY)]
    canary = f", canary {', '.join(steps)}" if steps else ""
    if outcome == "promoted":
        after = f", after {before}" if before else ", the first"
        return f"{release} went live in {row['slot']}{after}{canary}{because}"
    if outcome is None:
        return f"{release} is on its way, at {row['step']}{canary}"
    return f"{release} {outcome}{canary}{because}; {before or 'nothing'} stayed live"


def figures_of(checks: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Step and what was found there in words, in order: the gate's checks, the smoke test, each step of the canary."""
    lines: list[tuple[str, str]] = []
    for step, found in checks.items():
        if step == "gate":
            lines += [(f"gate {'✓' if check['passed'] else '✗'}", check["explanation"]) for check in found["checks"]]
        elif step.startswith(CANARY):
            asked = f"{found['canary_requests']} requests of {found['canary_users']} users in {found['seconds']:g} s"
            lines.append((step, f"{asked}, live {found['live_requests']}"))
            lines += [(f"{step} {'✗' if each['harmed'] else '✓'}", each["explanation"]) for each in found["guardrails"]]
        else:
            lines.append((step, ", ".join(f"{name} {value}" for name, value in found.items())))
    return lines


def live_periods(states: list[Row]) -> list[str]:
    """From when to when the release was live, oldest first."""
    periods: list[str] = []
    began: float | None = None
    for state in states:
        if state["state"] == "live":
            began = state["at"]
        elif began is not None:
            periods.append(f"{shown_time(began)} to {shown_time(state['at'])}")
            began = None
    return periods + ([f"since {shown_time(began)}"] if began is not None else [])
