"""The history reads as sentences."""

from __future__ import annotations

from typing import Any

import pytest

from components.rollout.history import StateChange, in_one_line
from components.rollout.states import State
from components.rollout.story import live_periods, tell_rollout


def row(**changes: Any) -> dict[str, Any]:
    values = {
        "kind": "promote",
        "release_id": "release-3",
        "from_release_id": "release-2",
        "slot": "blue",
        "step": "live",
        "outcome": "promoted",
        "reason": None,
        "checks": {"gate": {}, "canary 5 %": {}, "canary 25 %": {}},
    }
    return {**values, **changes}


@pytest.mark.parametrize(
    ("rollout", "told"),
    [
        (row(), "release-3 went live in blue, after release-2, canary 5 %, 25 %"),
        (row(from_release_id=None, checks={}), "release-3 went live in blue, the first"),
        (
            row(outcome="rejected", reason="slow\nmore"),
            "release-3 rejected, canary 5 %, 25 %: slow; release-2 stayed live",
        ),
        (row(outcome="failed", checks={}, reason="gate: x"), "release-3 failed: gate: x; release-2 stayed live"),
        (row(outcome=None, step="canary 25 %"), "release-3 is on its way, at canary 25 %, canary 5 %, 25 %"),
        (
            row(
                kind="rollback",
                outcome="rolled back",
                release_id="release-2",
                from_release_id="release-3",
                reason="why",
            ),
            "back to release-2 from release-3: why",
        ),
        (
            row(kind="rollback", outcome=None, step="starting", release_id="release-1", from_release_id="release-3"),
            "on the way back to release-1 from release-3, at starting",
        ),
    ],
)
def test_a_rollout_is_told_in_a_sentence(rollout: dict[str, Any], told: str) -> None:
    assert tell_rollout(rollout) == told


def test_a_release_tells_when_it_was_live() -> None:
    states = [{"state": s, "at": at} for at, s in enumerate(["built", "live", "draining", "standby", "live"])]
    assert live_periods(states) == ["1970-01-01 00:00:01Z to 1970-01-01 00:00:02Z", "since 1970-01-01 00:00:04Z"]


def test_one_line_tells_the_milestones() -> None:
    changes = [
        StateChange(State.BUILT, 0.0, "me", None, 1),
        StateChange(State.STARTING, 1.0, "me", None, 1),
        StateChange(State.REJECTED, 2.0, "me", "slow", 1),
    ]
    milestones = "built 1970-01-01 00:00:00Z by me, rejected (slow) 1970-01-01 00:00:02Z by me"
    assert in_one_line(changes) == f"rejected since 1970-01-01 00:00:02Z: {milestones}"
    assert in_one_line([]) == "unknown"
