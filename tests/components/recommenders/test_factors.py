"""Factors score by dot product and compare items by direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.history import History
from components.recommenders.popularity import FittedPopularity
from components.recommenders.protocol import RecommenderError
from components.recommenders.saved import load_recommender

USERS = np.array([[1, 0, 1], [0, 2, 1]], np.float32)
ITEMS = np.array([[1, 0, 0], [2, 0.1, 0], [0, 1, 9], [0, 0, 5]], np.float32)


def test_a_score_is_a_dot_product() -> None:
    assert FittedFactors(USERS, ITEMS, 2).scores(np.array([1])).tolist() == [[0.0, np.float32(0.2), 11.0, 5.0]]


def test_a_history_folded_by_the_root_is_the_sum_over_the_root_of_how_many_are_liked() -> None:
    gives = np.array([[1, 0], [2, 1], [0, 1], [0, 0]], np.float32)
    factors = FittedFactors(USERS, ITEMS, 2, HistoryFold("root"), gives)
    items = np.array([0, 1, 2, 3], np.int32)
    history = History(items, np.ones(4, np.float32), np.ones(4, np.bool_), np.zeros(4, np.int64))
    assert factors.vector_of(history).tolist() == [1.5, 1.0, 1.0]


def test_similarity_compares_directions_and_leaves_out_biases_and_the_item_itself() -> None:
    assert FittedFactors(USERS, ITEMS, 2).similar(0, 2).items.tolist() == [1, 2]


def test_an_item_without_taste_is_similar_to_nothing_in_particular() -> None:
    ranking = FittedFactors(USERS, ITEMS, 2).similar(3, 3)
    assert (ranking.items.tolist(), ranking.scores.tolist()) == ([0, 1, 2], [0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("users", "items", "width", "message"),
    [
        (USERS[:, :2], ITEMS, 2, "do not match"),
        (USERS.astype(float), ITEMS, 2, "float32"),
        (USERS * np.float32("nan"), ITEMS, 2, "not finite"),
        (USERS, ITEMS, 4, "embedding_width"),
    ],
)
def test_wrong_factors_are_refused(users: np.ndarray, items: np.ndarray, width: int, message: str) -> None:
    with pytest.raises(RecommenderError, match=message):
        FittedFactors(users, items, width)


def test_popularity_answers_a_stranger() -> None:
    popularity = FittedPopularity(np.array([1, 3, 3], np.float32), n_users=1)
    assert popularity.top_k(-1, 2, np.empty(0, int)).items.tolist() == [1, 2]


def test_a_broken_or_unknown_saved_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecommenderError, match=r"recommender\.json"):
        load_recommender(tmp_path)
    (tmp_path / "recommender.json").write_text('{"form": "oracle"}')
    with pytest.raises(RecommenderError, match="oracle"):
        load_recommender(tmp_path)
    (tmp_path / "recommender.json").write_text('{"form": "popularity", "n_users": 1}')
    with pytest.raises(RecommenderError, match=r"counts\.npy"):
        load_recommender(tmp_path)
