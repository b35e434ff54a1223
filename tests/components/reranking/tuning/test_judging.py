"""Scores are judged by user, and in pairs with the order that the ranker gave."""

from __future__ import annotations

import math

import numpy as np

from components.reranking.tuning.judging import against_ranker, pair_accuracy
from components.reranking.tuning.preferences import ItemPreference, LikedList


def preference(user: str, n: int = 2) -> ItemPreference:
    return ItemPreference(user, "r", "q", tuple("abc"[:n]), tuple("ABC"[:n]))


def test_right_pairs_are_a_mean_over_users_and_a_tie_is_a_half() -> None:
    preferences = [preference("often"), preference("often"), preference("often"), preference("once", 3)]
    scores = [np.array(values) for values in ([2.0, 1.0], [2.0, 1.0], [1.0, 2.0], [1.0, 1.0, 0.0])]
    assert math.isclose(pair_accuracy(preferences, scores, 1).mean, (2 / 3 + 3 / 4) / 2)


def test_the_rankers_own_order_differs_by_nothing() -> None:
    lists = [LikedList(f"u{n}", "q", ("a", "b"), ("A", "B"), (False, True)) for n in range(5)]
    for scores in ([np.array([2.0, 1.0])] * 5, [np.zeros(2)] * 5):
        found = against_ranker(lists, scores, 1)
        assert (found.difference.mean, found.difference.low, found.difference.high) == (0, 0, 0)
        assert found.n_users == 5


def test_a_better_order_gains_what_the_discount_says() -> None:
    lists = [
        LikedList("u", "q", ("a", "b"), ("A", "B"), (False, True)),
        LikedList("u", "q", ("a", "b"), ("A", "B"), (False, True)),
        LikedList("v", "q", ("a", "b"), ("A", "B"), (True, False)),
    ]
    found = against_ranker(lists, [np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([1.0, 0.0])], 1)
    low = 1 / math.log2(3)
    assert math.isclose(found.tuned.mean, ((1 + low) / 2 + 1) / 2)
    assert math.isclose(found.ranker.mean, (low + 1) / 2)
    assert math.isclose(found.difference.mean, (1 - low) / 4)


def test_what_stands_past_the_tenth_place_counts_for_nothing() -> None:
    liked = (*[False] * 11, True)
    one = LikedList("u", "q", tuple("abcdefghijkl"), tuple("ABCDEFGHIJKL"), liked)
    found = against_ranker([one], [np.arange(12.0)], 1)
    assert (found.tuned.mean, found.ranker.mean) == (1.0, 0.0)
