"""A model's order and the scores are joined by weight."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommenders.protocol import Ranking
from components.reranking.fusion import fuse, mean_order

RANKING = Ranking(np.array([7, 3, 9, 1, 4], np.int32), np.array([5, 4, 3, 2, 1], np.float32))


@pytest.mark.parametrize(
    ("weight", "items"),
    [(1.0, [9, 3, 7, 1, 4]), (0.0, [7, 3, 9, 1, 4]), (0.7, [9, 3, 7, 1, 4]), (0.3, [7, 3, 9, 1, 4])],
)
def test_the_weight_decides_between_order_and_scores(weight: float, items: list[int]) -> None:
    fused = fuse(RANKING, (2, 1, 0), weight)
    assert fused.items.tolist() == items
    assert (np.diff(fused.scores) <= 0).all()
    assert RANKING.items.tolist() == [7, 3, 9, 1, 4]


def test_equal_scores_leave_the_order_to_the_model() -> None:
    flat = Ranking(RANKING.items, np.ones(5, np.float32))
    assert fuse(flat, (4, 3, 2, 1, 0), 0.5).items.tolist() == [4, 1, 9, 3, 7]


def test_without_an_order_nothing_changes() -> None:
    assert fuse(RANKING, (), 0.7) is RANKING


def test_several_orders_are_joined_by_mean_place() -> None:
    assert mean_order([(0, 1, 2), (2, 0, 1), (0, 2, 1)], 3) == (0, 2, 1)
