"""Mult-DAE restores what was dropped from a history, whoever it is the history of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.history import histories_of
from components.recommenders.mult_dae import MultDae, MultDaeConfig
from components.recommenders.protocol import TrainingData
from tests.worlds import checkerboard, missing_item

CONFIG = MultDaeConfig(dimensions=8, steps=300, dropout=0.5, batch=7, learning_rate=0.02)


def test_the_missing_square_of_the_checkerboard_is_recommended_first() -> None:
    data = checkerboard()
    fitted = MultDae(CONFIG).fit(data, seed=1)
    for user in range(len(data.user_ids)):
        seen = data.seen[[user]].indices
        assert fitted.top_k(user, 1, seen).items.tolist() == [missing_item(user)]


def test_a_history_gets_the_scores_of_who_was_trained_with_it() -> None:
    data = checkerboard()
    fitted = MultDae(CONFIG).fit(data, seed=1)
    histories = histories_of(data)
    for user in (0, 3):
        scores, _ = fitted.for_histories().score_history(histories.of(user))
        np.testing.assert_allclose(scores, fitted.scores(np.array([user]))[0], atol=1e-5)


def test_who_likes_nothing_gets_the_items_liked_most_first() -> None:
    likes = np.zeros((40, 4), np.float32)
    for item, count in enumerate((10, 39, 5, 20)):
        likes[:count, item] = 1
    matrix = csr_array(likes)
    data = TrainingData(tuple(map(str, range(40))), tuple("abcd"), matrix, matrix.copy(), ((),) * 4)
    nobody = MultDae(CONFIG).fit(data, seed=1).top_k(39, 4, np.empty(0, np.int32))
    assert nobody.items.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_step_goes_down_the_surprise_at_what_is_liked(steps: int) -> None:
    """Against the softmax of dense algebra: without dropout, the surprise falls with each small step."""
    data = checkerboard()
    likes = data.positives.toarray()

    def surprise(n_steps: int) -> float:
        config = MultDaeConfig(dimensions=8, steps=n_steps, batch=100, learning_rate=0.001, dropout=0, shrinkage=0)
        scores = MultDae(config).fit(data, seed=1).scores(np.arange(len(likes))).astype(np.float64)
        chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return float(-(likes * np.log(chances)).sum())

    assert surprise(steps + 1) < surprise(steps)


def test_models_of_one_setting_are_drawn_apart() -> None:
    data = checkerboard()
    first, second = (
        MultDae(CONFIG.model_copy(update={"steps": 5, "seed_offset": offset})).fit(data, seed=1) for offset in (0, 1)
    )
    assert not np.array_equal(first.item_factors, second.item_factors)
