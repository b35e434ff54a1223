"""New interactions move the scores towards what is liked, without training."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.factors import FittedFactors
from components.recommenders.fold_in import FoldsIn, RecentHistory, blended_scores, scores_of_rows
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.protocol import Scores
from tests.worlds import checkerboard

# Items 0 and 1 point one way, items 2 and 3 the other; the third column is an item's bias, the fourth a user's.
FACTORS = FittedFactors(
    np.array([[2, 0, 1, 0.5], [0, 2, 1, -0.5]], np.float32),
    np.array([[1, 0, 0, 1], [2, 0, 0.5, 1], [0, 1, 0, 1], [0, 3, 0, 1]], np.float32),
    embedding_width=2,
)


def rows(*items: int) -> np.ndarray:
    return np.array(items, np.int32)


def liking(*items: int) -> RecentHistory:
    return RecentHistory(rows(*items), rows(*items))


def test_factors_fold_in() -> None:
    assert isinstance(FACTORS, FoldsIn)


def test_a_stranger_gets_the_direction_of_what_they_like_and_the_length_of_a_usual_user() -> None:
    np.testing.assert_allclose(FACTORS.scores_from(liking(0)), [2, 4.5, 0, 0])
    np.testing.assert_allclose(FACTORS.scores_from(liking(0, 1)), [2, 4.5, 0, 0])


def test_the_order_of_the_likes_does_not_matter() -> None:
    np.testing.assert_array_equal(FACTORS.scores_from(liking(0, 2, 3)), FACTORS.scores_from(liking(3, 0, 2)))


def test_likes_that_cancel_out_leave_the_biases() -> None:
    opposite = FittedFactors(np.ones((1, 2), np.float32), np.array([[1, 0], [-1, 1]], np.float32), embedding_width=1)
    np.testing.assert_allclose(opposite.scores_from(liking(0, 1)), [0, 1])


def test_a_known_users_new_likes_weigh_as_many_as_they_are() -> None:
    trained = FACTORS.scores(np.array([0]))[0]
    folded = FACTORS.scores_from(liking(2), user=0, n_known=3)
    np.testing.assert_allclose(folded, FACTORS.item_factors @ np.array([1.5, 0.5, 1, 0.5]))
    assert folded[3] > trained[3]
    assert folded[0] < trained[0]


def test_a_user_without_any_history_is_a_stranger() -> None:
    np.testing.assert_array_equal(FACTORS.scores_from(liking(2), user=0, n_known=0), FACTORS.scores_from(liking(2)))


def test_three_likes_of_one_colour_find_the_others_of_that_colour() -> None:
    params = LightFMConfig(
        dimensions=8, epochs=30, learning_rate=0.05, max_sampled=10, item_alpha=0, user_alpha=0, label_weight=0
    )
    model = LightFMWarp(params).fit(checkerboard(), seed=1)
    for colour in (0, 1):
        scores = model.scores_from(liking(colour, colour + 2, colour + 4))
        assert set(np.argsort(-scores)[:6] % 2) == {colour}


def test_item_to_item_scores_are_the_sum_of_the_rows() -> None:
    dense = np.array([[0, 1, 0], [2, 0, 3], [0, 0, 0]], np.float32)
    matrix = csr_array(dense)
    np.testing.assert_array_equal(scores_of_rows(matrix, rows(1, 0)), dense[0] + dense[1])
    np.testing.assert_array_equal(scores_of_rows(matrix, rows(2)), [0, 0, 0])
    np.testing.assert_array_equal(scores_of_rows(matrix, rows()), [0, 0, 0])


def scores(*values: float) -> Scores:
    return np.array(values, np.float32)


def test_recommenders_of_any_scale_count_the_same_in_a_blend() -> None:
    np.testing.assert_allclose(blended_scores([scores(1, 0, -1), scores(-1000, 0, 1000)]), [0, 0, 0], atol=1e-6)


def test_one_recommender_alone_keeps_its_scores_and_an_undecided_one_adds_nothing() -> None:
    np.testing.assert_array_equal(blended_scores([scores(3, 1, 2)]), [3, 1, 2])
    blend = blended_scores([scores(3, 1, 2), scores(7, 7, 7)])
    assert np.argsort(-blend).tolist() == [0, 2, 1]


def test_a_blend_is_the_mean_of_standard_scores() -> None:
    one, other = np.array([0.0, 1.0, 2.0], np.float32), np.array([30.0, 10.0, 20.0], np.float32)
    step = 1.5**0.5
    expected = np.array([(-step + step) / 2, (0 - step) / 2, (step + 0) / 2])
    np.testing.assert_allclose(blended_scores([one, other]), expected, atol=1e-6)
