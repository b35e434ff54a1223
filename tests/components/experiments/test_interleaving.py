"""What clicks on drafted lists say: who is preferred, how surely, and that nobody is favoured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from components.experiments.fixed_horizon import Difference
from components.experiments.interleaving import LEAST_USERS, PreferenceOpen, Preferred, read_interleaved
from components.experiments.sequential import always_valid


def test_the_better_ranking_is_preferred_and_swapping_the_two_swaps_the_verdict() -> None:
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(300), 2)
    one, other = rng.poisson(0.5, 600), rng.poisson(1.0, 600)
    found, swapped = read_interleaved(user, one, other), read_interleaved(user, other, one)
    assert isinstance(found, Preferred) and isinstance(swapped, Preferred)
    assert (found.ranking, swapped.ranking) == (1, 0)
    assert found.preference.value == pytest.approx(-swapped.preference.value)


def test_a_user_who_clicks_without_end_decides_nothing_alone() -> None:
    user = np.arange(200)
    one, other = np.tile([1, 0], 100), np.tile([0, 1], 100)
    other = np.where(user == 1, 1_000, other)
    found = read_interleaved(user, one, other)
    assert isinstance(found, PreferenceOpen)
    assert found.preference is not None
    assert found.preference.p_value > 0.3


def test_every_credited_click_counts_the_same_whoever_made_it() -> None:
    rng = np.random.default_rng(8)
    one, other = rng.poisson(1.0, 300), rng.poisson(2.0, 300)
    found = read_interleaved(np.arange(300), one, other)
    assert found.preference is not None
    assert found.preference.value == pytest.approx((other.sum() - one.sum()) / (other.sum() + one.sum()))


def test_few_users_say_nothing() -> None:
    for users, told in ((LEAST_USERS - 1, False), (LEAST_USERS, True)):
        found = read_interleaved(np.arange(users), np.zeros(users, int), np.ones(users, int))
        assert isinstance(found, Preferred) is told


@pytest.mark.parametrize("test", ["fixed", "sequential"])
def test_without_a_difference_one_is_preferred_at_most_as_often_as_is_said(test: str) -> None:
    wrong, runs = 0, 400
    for run in range(runs):
        rng = np.random.default_rng([6, run])
        user = np.repeat(np.arange(200), rng.integers(1, 5, 200))
        # Users who lean to one list by chance lean so in all their requests.
        lean = rng.random(200)[user]
        clicks = rng.poisson(0.8, len(user))
        second = rng.binomial(clicks, lean)
        wrong += isinstance(
            read_interleaved(user, clicks - second, second, test),  # type: ignore[arg-type]
            Preferred,
        )
    assert wrong / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def test_a_sequential_reading_is_wider_than_the_one_read_that_was_planned() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.poisson(1.0, 400), rng.poisson(1.0, 400)
    fixed, ever = (read_interleaved(np.arange(400), one, other, test) for test in ("fixed", "sequential"))
    assert fixed.preference is not None and ever.preference is not None
    assert ever.preference.low < fixed.preference.low < fixed.preference.high < ever.preference.high


def test_what_is_no_credit_is_refused() -> None:
    with pytest.raises(ValueError, match="one of each"):
        read_interleaved(np.arange(3), np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(ValueError, match="0 or more"):
        read_interleaved(np.arange(2), np.array([-1, 0]), np.zeros(2, int))


def test_the_p_value_and_interval_are_those_of_a_two_sided_t_test_of_the_users_differences() -> None:
    assert LEAST_USERS == 100
    rng = np.random.default_rng(4)
    one, other = rng.poisson(1.0, 150) + 1, rng.poisson(1.3, 150) + 1
    shares = (other - one) / (other + one).mean()
    for level in (0.05, 0.2):
        found = read_interleaved(np.arange(150), one, other, level=level)
        test = ttest_1samp(shares, 0.0)
        interval = test.confidence_interval(1 - level)
        assert found.preference is not None
        assert found.preference.users == 150
        assert found.preference.p_value == pytest.approx(test.pvalue)
        assert (found.preference.low, found.preference.high) == pytest.approx((interval.low, interval.high))
    assert read_interleaved(np.arange(150), one, other) == read_interleaved(np.arange(150), one, other, "fixed", 0.05)


def test_a_sequential_reading_is_narrowest_at_a_preference_of_a_tenth() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.poisson(1.0, 150) + 1, rng.poisson(1.3, 150) + 1
    shares = (other - one) / (other + one).mean()
    value, error = shares.mean(), shares.std(ddof=1) / 150**0.5
    expected = always_valid(Difference(0.0, value, value, value, value, error, 1.0, (150, 150)), 0.1, 0.05)
    found = read_interleaved(np.arange(150), one, other, "sequential").preference
    assert found is not None
    assert (found.low, found.high, found.p_value) == pytest.approx((expected.low, expected.high, expected.p_value))


def test_users_who_are_all_alike_leave_no_doubt_and_where_they_like_both_alike_no_preference() -> None:
    users, ones = np.arange(150), np.ones(150, int)
    for one, other, ranking in ((ones, 0 * ones, 0), (0 * ones, ones, 1)):
        found = read_interleaved(users, one, other)
        assert isinstance(found, Preferred)
        assert (found.ranking, found.preference.p_value) == (ranking, 0.0)
        assert found.preference.low == found.preference.value == found.preference.high == 2 * ranking - 1
    even = read_interleaved(users, ones, ones)
    assert isinstance(even, PreferenceOpen) and even.preference is not None
    assert (even.preference.value, even.preference.p_value) == (0.0, 1.0)
    assert "between +0.000 and +0.000" in even.reason


def test_users_without_credit_say_nothing_and_nobody_at_all_is_no_error() -> None:
    users, ones = np.arange(150), np.arange(150) % 3 > 0
    found = read_interleaved(users, ones.astype(int), 0 * ones)
    assert found.preference is not None and found.preference.users == 100
    assert read_interleaved(users[:0], users[:0], users[:0]).preference is None
    with pytest.raises(ValueError, match="0 or more"):
        read_interleaved(np.arange(2), np.zeros(2, int), np.array([-1, 0]))
    with pytest.raises(ValueError, match="one of each"):
        read_interleaved(np.arange(3), np.zeros(3, int), np.zeros(2, int))
