"""Bootstrap intervals hold the truth as often as they say, and depend on the seed alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.metrics.bootstrap import mean_interval, paired_difference


def test_a_ninety_percent_interval_holds_the_true_mean_in_about_ninety_percent_of_worlds() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        # Like NDCG: many zeros, some ones, values between; the mean is 0.5 * 0.4 = 0.2.
        values = rng.beta(2, 3, size=150) * (rng.random(150) < 0.5)
        interval = mean_interval(values, rng, samples=300, confidence=0.9)
        held += interval.low <= 0.2 <= interval.high
    # Four standard errors of a share of 0.9 in 400 worlds are 0.06.
    assert 0.84 <= held / 400 <= 0.96


def test_the_paired_interval_is_narrow_where_users_differ_but_models_do_not() -> None:
    rng = np.random.default_rng(1)
    users = rng.random(300)
    better = users + 0.01 + 0.001 * rng.standard_normal(300)
    paired = paired_difference(better, users, np.random.default_rng(2), samples=500, confidence=0.95)
    assert 0 < paired.low < 0.01 < paired.high < 0.02
    alone = mean_interval(better, np.random.default_rng(2), samples=500, confidence=0.95)
    assert alone.high - alone.low > 20 * (paired.high - paired.low)


def test_under_the_null_the_paired_interval_excludes_zero_as_rarely_as_it_says() -> None:
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        a, b = rng.random(100), rng.random(100)
        interval = paired_difference(a, b, rng, samples=300, confidence=0.9)
        wrong += not interval.low <= 0 <= interval.high
    assert 0.04 <= wrong / 400 <= 0.16


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).random(50)
    first, second = (mean_interval(values, np.random.default_rng(7), 100, 0.95) for _ in range(2))
    assert first == second


def test_batches_leave_the_number_of_draws_alone() -> None:
    values = np.random.default_rng(0).random(300_000)
    interval = mean_interval(values, np.random.default_rng(7), samples=13, confidence=0.9)
    assert interval.low < interval.mean < interval.high


def test_one_user_is_their_own_interval_and_none_gives_no_numbers() -> None:
    one = mean_interval(np.array([0.3]), np.random.default_rng(0), 50, 0.95)
    assert (one.mean, one.low, one.high) == (0.3, 0.3, 0.3)
    none = mean_interval(np.empty(0), np.random.default_rng(0), 50, 0.95)
    assert all(math.isnan(value) for value in (none.mean, none.low, none.high))


def test_different_users_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="3 and 2"):
        paired_difference(np.zeros(3), np.zeros(2), np.random.default_rng(0), 10, 0.9)
