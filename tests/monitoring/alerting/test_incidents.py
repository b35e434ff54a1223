"""When an incident opens, changes and ends."""

from __future__ import annotations

import numpy as np
import pytest

from components.quality.drop import Chance, Drop
from monitoring.alerting.incidents import Change, Count, End, Open, next_step
from monitoring.rules.judge import Clear, Firing, Unjudged
from monitoring.rules.table import Rule

RULE = Rule.model_validate(
    {
        "name": "ndcg_drop",
        "check": "quality_drop",
        "figure": "ndcg_all",
        "limit": 0.05,
        "pace": "fast",
        "min_requests": 100,
        "severity": "warning",
        "owner": "o",
        "runbook": "r.md",
    }
)
FALLEN = {"relative": 0.3, "judged": 100.0}


def newest(relative: float, error: float = 0.005) -> Drop:
    chance = Chance(error**2, np.zeros(1), np.ones(1), 64, 1.0)
    after = 0.1 * (1 - relative)
    reach = 3 * error
    return Drop(0.1, after, relative, relative - reach, relative + reach, error, 0.0, 1.0, 1000.0, 0.001, chance)


def firing(severity: str, drop: Drop) -> Firing:
    return Firing(RULE, severity, drop.after, drop.before, 100.0, drop, 1, drop)  # type: ignore[arg-type]


def test_a_rule_that_fires_opens_one_incident() -> None:
    fired = firing("warning", newest(0.3))
    assert next_step(fired, None, {}, 100.0, 2) == Open(fired)
    assert next_step(Clear(RULE, 0.1, newest(0.0)), None, {}, 100.0, 2) is None


def test_it_ends_after_as_many_calm_windows_as_are_said() -> None:
    calm = Clear(RULE, 0.1, newest(0.0))
    first = next_step(calm, "warning", FALLEN, 200.0, 2)
    assert isinstance(first, Count)
    assert (first.details["calm"], first.details["calm_from"]) == (1, 200.0)
    assert next_step(calm, "warning", first.details, 300.0, 2) == End(pytest.approx(0.1), 200.0)


def test_a_window_that_is_judged_twice_counts_once() -> None:
    calm = Clear(RULE, 0.1, newest(0.0))
    first = next_step(calm, "warning", FALLEN, 200.0, 2)
    assert isinstance(first, Count)
    assert next_step(calm, "warning", first.details, 200.0, 2) is None


@pytest.mark.parametrize(
    ("relative", "error"),
    [(0.04, 0.005), (0.25, 0.05), (0.0, 0.2)],
    ids=["clearly down by more than half of what is tolerated", "as far down as before, perhaps", "all noise"],
)
def test_a_window_that_does_not_show_the_end_ends_nothing(relative: float, error: float) -> None:
    half_over = {**FALLEN, "calm": 1, "calm_from": 150.0}
    for verdict in (Clear(RULE, 0.1, newest(relative, error)), Unjudged(RULE, "noise", newest(relative, error))):
        found = next_step(verdict, "warning", half_over, 200.0, 2)
        assert isinstance(found, Count)
        assert found.details["calm"] == 0


def test_a_window_that_cannot_be_compared_changes_nothing() -> None:
    half_over = {**FALLEN, "calm": 1, "calm_from": 150.0}
    assert next_step(Unjudged(RULE, "no traffic"), "warning", half_over, 200.0, 2) is None


def test_a_change_of_severity_is_told_and_the_same_one_is_not() -> None:
    worse = firing("critical", newest(0.4))
    assert next_step(worse, "warning", FALLEN, 200.0, 2) == Change(worse)
    assert isinstance(next_step(worse, "critical", FALLEN, 200.0, 2), Count)


@pytest.mark.parametrize(
    ("before", "relative", "error", "calm"),
    [
        (0.3, 0.025, 0.0, True),
        (0.3, 0.026, 0.0, False),
        (0.02, 0.02, 0.0, False),
        (0.3, 0.02, 0.005, True),
        (0.3, 0.04, 0.008, False),
        (0.3, 0.04, 0.0095, True),
        (0.1, 0.02, 0.06, False),
        (0.1, 0.02, 0.045, True),
    ],
)
def test_a_window_is_calm_if_it_is_clearly_better_than_the_incident_and_not_clearly_beyond_half_of_the_limit(
    before: float, relative: float, error: float, calm: bool
) -> None:
    """Clearly is 1.64 standard errors; the limit is .05."""
    found = next_step(
        Clear(RULE, 0.1, newest(relative, error)), "warning", {"relative": before, "judged": 100.0}, 200.0, 2
    )
    assert isinstance(found, Count)
    assert found.details["calm"] == int(calm)


def test_a_figure_without_windows_ends_once_its_rule_is_clear_often_enough_and_says_its_value() -> None:
    first = next_step(Clear(RULE, 80.0), "warning", {"judged": 100.0}, 200.0, 2)
    assert isinstance(first, Count)
    assert (first.details["judged"], first.details["calm"]) == (200.0, 1)
    assert next_step(Clear(RULE, 90.0), "warning", first.details, 300.0, 2) == End(90.0, 200.0)
    fires = Firing(RULE, "warning", 900.0, 100.0, 0.0)
    again = next_step(fires, "warning", first.details, 300.0, 2)
    assert isinstance(again, Count) and again.details["calm"] == 0


def test_the_first_calm_window_ends_it_where_one_is_enough() -> None:
    assert next_step(Clear(RULE, 80.0), "warning", {"judged": 100.0}, 200.0, 1) == End(80.0, 200.0)
