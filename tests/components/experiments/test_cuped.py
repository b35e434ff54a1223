"""Adjustment narrows the interval and leaves the expected difference alone; only what came before assignment enters."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.experiment_trials import cover
from components.experiments.cuped import adjust_users, totals_before_assignment
from components.experiments.fixed_horizon import compare_users


def test_only_what_a_user_did_before_their_own_assignment_counts() -> None:
    day = np.array(["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03", "2026-01-04"], dtype="datetime64[ns]")
    assigned = np.array(["2026-01-02", "2026-01-04", "2026-01-01"], dtype="datetime64[ns]")
    users = np.array([0, 0, 1, 1, 2])
    found = totals_before_assignment(users, day, np.array([1.0, 10.0, 100.0, 1_000.0, 10_000.0]), assigned)
    # The event at the very moment of user 0's assignment is left out, and user 2 has nothing before.
    np.testing.assert_array_equal(found, [1.0, 1_100.0, np.nan])


def test_a_covariate_that_tells_all_leaves_only_the_effect() -> None:
    rng = np.random.default_rng(0)
    before, variant = rng.normal(size=1_000), rng.integers(0, 2, 1_000)
    adjusted = adjust_users(3 * before + 0.5 * variant, variant, before[:, None])
    assert adjusted.variance_reduction == pytest.approx(1)
    found = compare_users(adjusted.values[variant == 0], adjusted.values[variant == 1])
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_users_without_history_stay_and_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    known, variant, before = rng.random(2_000) < 0.6, rng.integers(0, 2, 2_000), rng.normal(size=2_000)
    # New users are like a world of their own: another level, nothing to say about them.
    values = np.where(known, before, 5.0)
    adjusted = adjust_users(values, variant, np.where(known, before, np.nan)[:, None])
    assert len(adjusted.values) == 2_000
    assert adjusted.variance_reduction == pytest.approx(1)
    assert adjusted.values.mean() == pytest.approx(values.mean())


def test_a_covariate_of_noise_or_without_a_value_changes_next_to_nothing() -> None:
    rng = np.random.default_rng(2)
    values, variant = rng.normal(size=2_000), rng.integers(0, 2, 2_000)
    assert adjust_users(values, variant, rng.normal(size=(2_000, 1))).variance_reduction < 0.01
    empty = adjust_users(values, variant, np.full((2_000, 1), np.nan))
    np.testing.assert_allclose(empty.values, values)
    assert empty.variance_reduction == 0


def test_the_unit_of_a_covariate_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    before, variant = rng.random((500, 2)), rng.integers(0, 2, 500)
    values = before.sum(axis=1) + rng.normal(size=500)
    one, other = (adjust_users(values, variant, before * scale).values for scale in ([1, 1], [1e9, 1e-9]))
    np.testing.assert_allclose(one, other)


def test_intervals_hold_the_truth_with_and_without_cuped_and_narrow_as_reported() -> None:
    for name, found in cover(4, 300, 3_000, 14, 0.05).items():
        # Four standard errors of .95 in 300 runs are .05.
        assert abs(found.covered - 0.95) < 0.05, name
        if name.endswith("CUPED"):
            assert found.variance_reduction > 0.25
            # The ratio of two variances from 300 runs each is within four standard errors, 4 sqrt(2 / 300) = .33.
            assert abs(found.narrowed - found.variance_reduction) < 0.33 * (1 - found.variance_reduction)


def test_arguments_are_left_alone() -> None:
    values, variant, before = (
        np.arange(6.0),
        np.array([0, 1] * 3),
        np.array([[1.0], [np.nan], [2.0], [3.0], [4.0], [5.0]]),
    )
    copies = values.copy(), before.copy()
    adjust_users(values, variant, before)
    np.testing.assert_array_equal(values, copies[0])
    np.testing.assert_array_equal(before, copies[1])
