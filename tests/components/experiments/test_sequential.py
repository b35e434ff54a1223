"""Reading every day does not mislead more often than stated, and finds what reading once finds a little later."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.experiment_trials import read_daily
from components.experiments.fixed_horizon import compare_users
from components.experiments.sequential import always_valid


def test_daily_reads_for_four_weeks_mislead_at_most_as_often_as_stated() -> None:
    found = read_daily(0, 150, 1_500, 28, 0.0, 0.1)
    # The law is at most .05; three standard errors of that in 150 runs are .053.
    assert found.sequential_daily <= 0.05 + 0.053
    # The fixed test read daily is what it protects from.
    assert found.fixed_daily > found.fixed
    assert found.fixed_daily > 0.12


def test_a_thousand_looks_at_a_growing_sample_mislead_at_most_as_often_as_stated() -> None:
    # The path of the mean of normal values with variance 1 in each variant, after n = 100, 101, … 20,000 users each.
    rng = np.random.default_rng(1)
    users = np.unique(np.geomspace(100, 20_000, 1_000).astype(int))
    misled = 0
    for _ in range(1_000):
        steps = rng.standard_normal(len(users)) * np.sqrt(2 * np.diff(users, prepend=0))
        z = np.cumsum(steps) / np.sqrt(2 * users)
        ratio = 0.05**2 * users / 2
        misled += bool(np.any(np.abs(z) > np.sqrt((1 + 1 / ratio) * (np.log1p(ratio) - 2 * np.log(0.05)))))
    assert misled / 1_000 <= 0.05 + 4 * (0.05 * 0.95 / 1_000) ** 0.5


def test_the_interval_excludes_zero_exactly_when_p_is_at_most_the_level() -> None:
    rng = np.random.default_rng(2)
    for shift in np.linspace(0, 0.5, 50):
        read = always_valid(compare_users(rng.normal(0, 1, 300), rng.normal(shift, 1, 300)), 0.3, 0.05)
        assert (read.low > 0 or read.high < 0) == (read.p_value <= 0.05)


def test_the_always_valid_interval_is_wider_than_the_fixed_one() -> None:
    rng = np.random.default_rng(3)
    fixed = compare_users(rng.normal(0, 1, 300), rng.normal(0, 1, 300))
    always = always_valid(fixed, 0.3)
    assert always.low < fixed.low < fixed.high < always.high
    assert (always.value, always.std_error) == (fixed.value, fixed.std_error)


def test_the_interval_is_narrowest_near_the_effect_it_is_scaled_to() -> None:
    rng = np.random.default_rng(4)
    fixed = compare_users(rng.normal(0, 1, 300), rng.normal(0, 1, 300))
    planned = 3 * fixed.std_error

    def width(scale: float) -> float:
        read = always_valid(fixed, scale)
        return read.high - read.low

    assert width(planned) < width(planned / 10)
    assert width(planned) < width(planned * 10)


def test_a_scale_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        always_valid(compare_users(np.arange(3.0), np.arange(3.0)), 0.0)
