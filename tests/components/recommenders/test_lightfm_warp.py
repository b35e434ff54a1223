"""LightFM learns the checkerboard, and serves without LightFM."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp, item_features
from components.recommenders.protocol import RecommenderError
from tests.worlds import checkerboard, missing_item

PARAMS = LightFMConfig(
    dimensions=8, epochs=60, learning_rate=0.05, max_sampled=20, item_alpha=0.0, user_alpha=0.0, label_weight=0.0
)


@pytest.mark.parametrize("label_weight", [0.0, 0.5])
def test_the_missing_square_of_the_checkerboard_is_recommended_first(label_weight: float) -> None:
    data = checkerboard()
    fitted = LightFMWarp(PARAMS.model_copy(update={"label_weight": label_weight})).fit(data, seed=1)
    for user in range(len(data.user_ids)):
        seen = data.seen[[user]].indices
        assert fitted.top_k(user, 1, seen).items.tolist() == [missing_item(user)]


def test_scores_are_those_of_lightfm_itself() -> None:
    from lightfm import LightFM as Model

    data = checkerboard()
    features = csr_matrix(item_features(data, 0.5))
    model = Model(no_components=8, loss="warp", learning_rate=0.05, max_sampled=20, random_state=1)
    model.fit(csr_matrix(data.positives).tocoo(), item_features=features, epochs=60, num_threads=1)
    users, items = np.divmod(np.arange(20 * 12, dtype=np.int32), 12)
    expected = model.predict(users, items, item_features=features, num_threads=1).reshape(20, 12)
    fitted = LightFMWarp(PARAMS.model_copy(update={"label_weight": 0.5})).fit(data, seed=1)
    np.testing.assert_allclose(fitted.scores(np.arange(20)), expected, rtol=1e-4, atol=1e-4)


def test_labels_carry_an_item_that_nobody_knows_towards_its_own_kind() -> None:
    board = checkerboard()
    positives = board.positives.toarray()
    positives[:, 11] = 0
    data = replace(board, positives=csr_array(positives), seen=csr_array(positives))
    fitted = LightFMWarp(PARAMS.model_copy(update={"label_weight": 1.0})).fit(data, seed=1)
    scores = fitted.scores(np.arange(20))[:, 11]
    assert scores[1::2].min() > scores[::2].max()


def test_item_features_weigh_the_item_once_and_its_labels_together() -> None:
    data = replace(checkerboard(n_users=2, n_items=3), item_labels=(("a", "b"), ("b",), ()))
    expected = [[1, 0, 0, 0.25, 0.25], [0, 1, 0, 0, 0.5], [0, 0, 1, 0, 0]]
    assert item_features(data, 0.5).toarray().tolist() == expected


def test_a_user_without_history_is_ranked_by_item_biases_alone() -> None:
    data = checkerboard()
    positives = data.positives.toarray()
    positives[3] = 0
    fitted = LightFMWarp(PARAMS).fit(replace(data, positives=csr_array(positives)), seed=1)
    biases = fitted.item_factors[:, 8]
    assert fitted.top_k(3, 12, np.empty(0, int)).items.tolist() == np.argsort(-biases, kind="stable").tolist()


def test_training_that_diverges_is_an_error_that_says_so() -> None:
    with pytest.raises(RecommenderError, match="learning rate"):
        LightFMWarp(PARAMS.model_copy(update={"learning_rate": 1e30})).fit(checkerboard(), seed=1)


def test_importing_the_recommender_does_not_import_lightfm() -> None:
    code = "import sys, components.recommenders.lightfm_warp; sys.exit('lightfm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
