"""Bounds of the fault rate hold as often as they say, and the number of replies needed is the smallest that does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from components.shadow.fault_rate import count_faults, exact_bounds, replies_needed


def test_a_reply_with_two_faults_counts_once_and_under_both_kinds() -> None:
    found = count_faults([("missing", "stranger"), (), ("missing",)], 0.95)
    assert (found.faulty, found.replies, dict(found.kinds)) == (2, 3, {"missing": 2, "stranger": 1})


def test_no_fault_in_n_replies_bounds_the_rate_by_the_rule_of_three() -> None:
    low, high = exact_bounds(0, 500, 0.95)
    assert low == 0
    assert high == pytest.approx(1 - 0.05 ** (1 / 500))


def test_without_replies_anything_is_possible() -> None:
    assert exact_bounds(0, 0, 0.95) == (0, 1)
    assert exact_bounds(7, 7, 0.95)[1] == 1


@pytest.mark.parametrize("rate", [0.005, 0.01, 0.03])
def test_each_bound_is_on_the_wrong_side_at_most_as_often_as_stated(rate: float) -> None:
    counts = np.random.default_rng(0).binomial(500, rate, 4_000)
    bounds = {count: exact_bounds(int(count), 500, 0.95) for count in set(counts.tolist())}
    assert np.mean([bounds[count][1] < rate for count in counts.tolist()]) <= 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5
    assert np.mean([bounds[count][0] > rate for count in counts.tolist()]) <= 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5


def test_as_many_replies_as_needed_are_enough_and_one_less_is_not() -> None:
    needed = replies_needed(count_faults([()] * 20, 0.95), 0.01, 0.95)
    assert needed == 299
    assert exact_bounds(0, 299, 0.95)[1] < 0.01 <= exact_bounds(0, 298, 0.95)[1]


def test_no_number_of_replies_is_enough_for_a_rate_that_is_too_high() -> None:
    assert replies_needed(count_faults([("missing",)] * 1 + [()] * 49, 0.95), 0.01, 0.95) is None


@pytest.mark.parametrize(("faulty", "replies"), [(1, 20), (3, 100), (40, 50)])
def test_at_the_lower_bound_so_many_faults_or_more_have_just_the_chance_left(faulty: int, replies: int) -> None:
    low, high = exact_bounds(faulty, replies, 0.95)
    assert binom.sf(faulty - 1, replies, low) == pytest.approx(0.05)
    assert binom.cdf(faulty, replies, high) == pytest.approx(0.05)


@pytest.mark.parametrize("limit", [0.001, 0.004, 0.01, 0.013, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_least_number_without_a_fault_is_the_one_whose_bound_first_falls_under_the_limit(
    limit: float, confidence: float
) -> None:
    """Without faults the bound is 1 - (1 - confidence) ** (1 / n)."""
    needed = replies_needed(count_faults([], confidence), limit, confidence)
    assert needed is not None
    assert 1 - (1 - confidence) ** (1 / needed) < limit <= 1 - (1 - confidence) ** (1 / (needed - 1))
