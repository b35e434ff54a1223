"""Agreement of rankings, against values worked out by hand and an independent implementation."""

from __future__ import annotations

import random

import pytest
from scipy.stats import kendalltau

from components.shadow.agreement import order_correlation, rank_biased_overlap, top_overlap

ITEMS = tuple("abcdefghij")


def test_a_ranking_agrees_wholly_with_itself() -> None:
    assert rank_biased_overlap(ITEMS, ITEMS) == pytest.approx(1)
    assert top_overlap(ITEMS, ITEMS, 3) == 1
    assert order_correlation(ITEMS, ITEMS) == 1


def test_rankings_of_other_items_do_not_agree_at_all() -> None:
    assert rank_biased_overlap("abc", "xyz") == 0
    assert top_overlap("abc", "xyz", 3) == 0


def test_overlap_is_the_sum_of_its_definition() -> None:
    # Agreement at depths 1, 2, 3 of abc and bac: 0, 1, 1. RBO_ext = 1 * .9**3 + .1/.9 * (0 + .9**2 + .9**3).
    assert rank_biased_overlap("abc", "bac", 0.9) == pytest.approx(0.9**3 + 0.1 / 0.9 * (0.9**2 + 0.9**3))


def test_a_swap_at_the_top_counts_more_than_one_at_the_bottom() -> None:
    top = (ITEMS[1], ITEMS[0], *ITEMS[2:])
    bottom = (*ITEMS[:8], ITEMS[9], ITEMS[8])
    assert rank_biased_overlap(ITEMS, top) < rank_biased_overlap(ITEMS, bottom) < 1
    assert order_correlation(ITEMS, top) == order_correlation(ITEMS, bottom)


@pytest.mark.parametrize("seed", range(20))
def test_correlation_is_that_of_scipy(seed: int) -> None:
    other = random.Random(seed).sample(ITEMS, len(ITEMS))  # noqa: S311
    places = [other.index(item) for item in ITEMS]
    assert order_correlation(ITEMS, other) == pytest.approx(kendalltau(range(10), places).statistic)


def test_correlation_looks_at_the_items_of_both_only() -> None:
    assert order_correlation("axbc", "abcy") == 1
    assert order_correlation("a", "b") == 1
