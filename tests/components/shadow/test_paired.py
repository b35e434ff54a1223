"""The paired comparison of two prompts: exact on tiny worlds, and its bounds hold under the null with heavy users."""

from __future__ import annotations

import numpy as np
import pytest

from components.experiments.fixed_horizon import Difference
from components.experiments.sequential import always_valid
from components.metrics.bootstrap import mean_interval
from components.shadow.paired import NOTHING, Levels, compare_paired

LEVELS = Levels(read=0.025, sequential=0.005, samples=500, scale=0.04)


def test_the_difference_is_the_weighted_mean_over_requests() -> None:
    found = compare_paired(
        ["a", "a", "b"],
        np.array([0.0, 0.5, 1.0]),
        np.array([0.5, 0.5, 0.0]),
        np.array([1.0, 1.0, 2.0]),
        LEVELS,
        np.random.default_rng(0),
    )
    assert found.champion == pytest.approx((0 + 0.5 + 2) / 4)
    assert found.challenger == pytest.approx((0.5 + 0.5 + 0) / 4)
    assert found.difference == pytest.approx(found.challenger - found.champion)
    assert (found.users, found.requests) == (2, 3)


def test_requests_without_a_value_are_left_out() -> None:
    one = np.array([0.1, np.nan, 0.3])
    found = compare_paired(["a", "b", "c"], one, one, np.ones(3), LEVELS, np.random.default_rng(0))
    assert (found.users, found.requests) == (2, 2)
    nothing = np.full(3, np.nan)
    assert compare_paired(["a", "b", "c"], nothing, one, np.ones(3), LEVELS, np.random.default_rng(0)) is NOTHING


def test_the_order_of_the_requests_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    users = rng.integers(0, 40, 100).astype(str)
    one, other, order = rng.random(100), rng.random(100), rng.permutation(100)
    straight = compare_paired(users.tolist(), one, other, np.ones(100), LEVELS, np.random.default_rng(2))
    mixed = compare_paired(
        users[order].tolist(), one[order], other[order], np.ones(100), LEVELS, np.random.default_rng(2)
    )
    assert mixed.fixed.low == pytest.approx(straight.fixed.low)
    assert mixed.sequence == pytest.approx(straight.sequence) or mixed.sequence.low == pytest.approx(
        straight.sequence.low
    )


def test_bounds_are_on_the_wrong_side_as_often_as_stated_though_users_come_back() -> None:
    """Requests of one user share an effect; counting them as independent would be wrong three times as often."""
    misled = sequence_misled = 0
    runs = 400
    for run in range(runs):
        rng = np.random.default_rng([3, run])
        n_of = rng.integers(1, 6, 150)
        users = np.repeat(np.arange(150), n_of)
        shared = rng.normal(0, 0.2, 150)[users]
        difference = shared + rng.normal(0, 0.1, len(users))
        base = np.full(len(users), 0.5)
        found = compare_paired(users.astype(str).tolist(), base, base + difference, np.ones(len(users)), LEVELS, rng)
        misled += found.fixed.low > 0
        sequence_misled += found.sequence.low > 0
    assert misled / runs <= 0.025 + 3 * (0.025 * 0.975 / runs) ** 0.5
    assert misled > 0
    assert sequence_misled / runs <= 0.005 + 3 * (0.005 * 0.995 / runs) ** 0.5


def test_each_bound_has_the_level_that_is_said() -> None:
    """One request a user: the bounds are those of the mean of the differences, at twice the one-sided levels."""
    rng = np.random.default_rng(7)
    base, other = rng.random(80), rng.random(80)
    users = [str(user) for user in range(80)]
    found = compare_paired(users, base, other, np.ones(80), LEVELS, np.random.default_rng(8))
    order = np.unique(users, return_inverse=True)[1]
    values = np.empty(80)
    values[order] = other - base
    fixed = mean_interval(values, np.random.default_rng(8), LEVELS.samples, 0.95)
    assert (found.fixed.low, found.fixed.high) == pytest.approx((fixed.low, fixed.high))
    error = values.std(ddof=1) / 80**0.5
    point = Difference(base.mean(), other.mean(), values.mean(), fixed.low, fixed.high, error, 1.0, (80, 80))
    wide = always_valid(point, LEVELS.scale, 0.01)
    assert (found.sequence.low, found.sequence.high) == pytest.approx((wide.low, wide.high))
