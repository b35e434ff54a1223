"""The plan gives the power that it states, and never runs for less than two weeks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from benchmarks.experiment_trials import detect_planned
from components.experiments.fixed_horizon import compare_users
from components.experiments.power import (
    FEW_USERS,
    MinimumEffect,
    plan_experiment,
    squared_signal,
    users_for_mean,
    users_for_rate,
)
from components.experiments.sequential import critical_value


def test_a_mean_needs_the_textbook_number() -> None:
    # 2 (1.95996 + 0.84162)² / 0.1² = 1569.8
    assert users_for_mean(5.0, 1.0, MinimumEffect(0.1, "absolute")) == 1570


def test_a_rate_needs_the_textbook_number() -> None:
    # (0.1 0.9 + 0.12 0.88) (1.95996 + 0.84162)² / 0.02² = 3838.1
    assert users_for_rate(0.1, MinimumEffect(0.2, "relative")) == 3839


def test_relative_and_absolute_effects_agree() -> None:
    relative, absolute = MinimumEffect(0.05, "relative"), MinimumEffect(0.1, "absolute")
    assert users_for_mean(-2.0, 3.0, relative) == users_for_mean(-2.0, 3.0, absolute)


def test_a_planned_rate_is_found_with_the_stated_power() -> None:
    users = users_for_rate(0.1, MinimumEffect(0.3, "relative"))
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(1_000):
        control, treatment = ((rng.random(users) < rate).astype(float) for rate in (0.1, 0.13))
        found += compare_users(control, treatment).low > 0
    # Four standard errors of .8 in 1,000 runs are .05.
    assert abs(found / 1_000 - 0.8) < 0.05


def test_a_planned_click_rate_is_found_with_the_stated_power() -> None:
    found = detect_planned(0, 150, 14, 0.15, "fixed").detected
    # Three standard errors of .8 in 150 runs are .098.
    assert found > 0.70


def test_looking_every_day_costs_about_twice_the_users() -> None:
    assert 1.8 < squared_signal("sequential", 0.05, 0.8) / squared_signal("fixed", 0.05, 0.8) < 2.0


def test_two_weeks_are_the_least_and_weeks_are_whole() -> None:
    assert plan_experiment(10_000, 1_000_000, 0.5).days == 14
    assert plan_experiment(15_000, 2_000, 0.5).days == 21
    assert plan_experiment(14_000, 2_000, 0.5).days == 14


def test_the_smallest_variant_gets_its_users() -> None:
    assert plan_experiment(14_000, 2_000, 0.1).days == 70


def test_fewer_than_ten_thousand_users_are_warned_about() -> None:
    assert plan_experiment(10_000, 1_000, 0.5).warnings == ()
    (warning,) = plan_experiment(9_999, 1_000, 0.5).warnings
    assert "9999" in warning


@pytest.mark.parametrize("size", [0.0, -0.1, math.nan, math.inf])
def test_an_effect_is_a_positive_number(size: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        MinimumEffect(size, "relative")


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline"):
        users_for_mean(0.0, 1.0, MinimumEffect(0.1, "relative"))
    with pytest.raises(ValueError, match="rate"):
        users_for_rate(0.9, MinimumEffect(0.2, "relative"))
    with pytest.raises(ValueError, match="nobody"):
        plan_experiment(100, 0, 0.5)


@pytest.mark.parametrize(("baseline", "size"), [(0.0, 0.1), (0.9, 0.1), (0.95, 0.1), (-0.1, 0.2)])
def test_a_rate_that_cannot_be_is_refused(baseline: float, size: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        users_for_rate(baseline, MinimumEffect(size, "absolute"))


def test_nobody_who_enters_and_no_effect_are_refused() -> None:
    for users in (0, -1):
        with pytest.raises(ValueError, match="nobody enters"):
            plan_experiment(1_000, users, 0.5)
    with pytest.raises(ValueError, match="baseline other than 0"):
        users_for_mean(0.0, 1.0, MinimumEffect(0.1, "relative"))


def test_a_sequential_signal_is_found_with_the_power_asked_for() -> None:
    for power in (0.5, 0.8, 0.9):
        signal = squared_signal("sequential", 0.05, power)
        assert math.sqrt(signal) == pytest.approx(critical_value(signal, 0.05) + ndtri(power))
    assert squared_signal("fixed", 0.05, 0.5) == pytest.approx(1.959964**2, rel=1e-5)


def test_only_few_users_are_warned_of() -> None:
    assert plan_experiment(FEW_USERS, 1e6, 0.5).warnings == ()
    (warning,) = plan_experiment(FEW_USERS - 1, 1e6, 0.5).warnings
    assert str(FEW_USERS - 1) in warning
    assert plan_experiment(7_001, 1_000, 0.5).days == 21
