"""The user-level test errs as often as it says, where one on requests errs far more."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from benchmarks.experiment_trials import read_once
from components.experiments.fixed_horizon import compare_users, linearised


def test_the_numbers_are_welchs() -> None:
    rng = np.random.default_rng(0)
    control, treatment = rng.normal(0, 1, 20), rng.normal(0.5, 3, 35)
    ours, theirs = compare_users(control, treatment, 0.1), ttest_ind(treatment, control, equal_var=False)
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval(0.9)))
    assert ours.value == pytest.approx(treatment.mean() - control.mean())
    assert ours.users == (20, 35)


def test_a_linearised_ratio_has_the_ratio_as_mean() -> None:
    values = linearised(np.array([1.0, 0.0, 3.0]), np.array([2.0, 5.0, 3.0]))
    assert values.mean() == pytest.approx(4 / 10)


def test_a_ratio_over_one_each_is_the_mean_itself() -> None:
    assert linearised(np.array([1.0, 0.0, 3.0]), np.ones(3)) == pytest.approx([1.0, 0.0, 3.0])


def test_users_without_impressions_change_neither_ratio_nor_error() -> None:
    rng = np.random.default_rng(1)
    shown = rng.integers(1, 50, 4_000).astype(float)
    clicked = rng.binomial(shown.astype(int), 0.2).astype(float)
    some, more = (
        linearised(clicked, shown),
        linearised(np.append(clicked, np.zeros(4_000)), np.append(shown, np.zeros(4_000))),
    )
    assert more.mean() == pytest.approx(some.mean())
    assert more.std() / 8_000**0.5 == pytest.approx(some.std() / 4_000**0.5)


def test_without_effect_users_mislead_as_rarely_as_stated_and_requests_far_more_often() -> None:
    found = read_once(1, 500, 3_000, 14, 0.0)
    # Four standard errors of .05 in 500 runs are .039.
    assert abs(found.fixed - 0.05) < 0.039
    assert found.request_level > 0.12


def test_without_spread_the_interval_is_a_point() -> None:
    same = compare_users(np.ones(3), np.ones(4))
    assert (same.low, same.high, same.p_value) == (0.0, 0.0, 1.0)
    assert compare_users(np.ones(3), np.full(4, 2.0)).p_value == 0.0


def test_what_has_no_spread_or_no_ratio_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3\)"):
        compare_users(np.ones(1), np.ones(3))
    with pytest.raises(ValueError, match="denominators"):
        linearised(np.zeros(3), np.zeros(3))
