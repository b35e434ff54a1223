"""Evaluation ranks the whole catalogue, without what the user has seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.metrics.evaluate import EvaluationError, evaluate
from components.recommenders.factors import FittedFactors
from tests.worlds import checkerboard, missing_item


def fixed(scores: list[list[float]]) -> FittedFactors:
    """A model with exactly these scores."""
    matrix = np.array(scores, np.float32)
    return FittedFactors(matrix, np.eye(matrix.shape[1], dtype=np.float32), matrix.shape[1])


def matrix(rows: list[list[int]]) -> csr_array:
    return csr_array(np.array(rows, np.float32))


def test_seen_items_are_removed_before_ranking() -> None:
    result = evaluate(fixed([[9, 8, 7, 6]]), matrix([[1, 1, 0, 0]]), matrix([[0, 0, 1, 0]]), k=2)
    assert result.lists.tolist() == [[2, 3]]
    assert result.hits.tolist() == [[True, False]]
    assert result.scores.tolist() == [[7.0, 6.0]]
    assert (result.ndcg.tolist(), result.recall.tolist(), result.hit_rate.tolist()) == ([1.0], [1.0], [1.0])


def test_a_seen_item_that_comes_up_again_is_no_target() -> None:
    result = evaluate(fixed([[9, 8, 7, 6]]), matrix([[1, 0, 0, 0]]), matrix([[1, 0, 1, 0]]), k=3)
    assert result.recall.tolist() == [1.0]


def test_only_users_with_a_target_are_counted_and_short_lists_are_filled_up() -> None:
    seen = matrix([[0, 0, 0], [1, 1, 0], [0, 1, 0]])
    relevant = matrix([[0, 0, 0], [0, 0, 1], [0, 1, 0]])
    result = evaluate(fixed([[1, 2, 3]] * 3), seen, relevant, k=3)
    assert result.users.tolist() == [1]
    assert result.n_train.tolist() == [2]
    assert result.lists.tolist() == [[2, -1, -1]]
    assert np.isnan(result.scores[0, 1:]).all()
    assert not result.hits[0, 1:].any()


def test_the_right_answer_of_the_checkerboard_scores_one() -> None:
    data = checkerboard()
    relevant = np.zeros((20, 12), np.float32)
    for user in range(20):
        relevant[user, missing_item(user)] = 1
    result = evaluate(fixed(relevant.tolist()), data.seen, csr_array(relevant), k=10)
    assert result.ndcg.tolist() == [1.0] * 20


def test_batches_change_nothing() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((600, 15))
    seen, relevant = rng.random((600, 15)) < 0.2, rng.random((600, 15)) < 0.3
    whole = evaluate(fixed(scores.tolist()), matrix(seen.tolist()), matrix(relevant.tolist()), k=5)
    for place in (0, 255, 256, len(whole.users) - 1):
        user = whole.users[place]
        one = evaluate(fixed(scores[[user]].tolist()), matrix(seen[[user]]), matrix(relevant[[user]]), k=5)
        assert one.lists[0].tolist() == whole.lists[place].tolist()
        assert one.ndcg[0] == whole.ndcg[place]


def test_nobody_to_evaluate_on_is_refused() -> None:
    with pytest.raises(EvaluationError, match="met in the training part, and such repeats are not looked for"):
        evaluate(fixed([[1, 2]]), matrix([[1, 0]]), matrix([[1, 0]]), k=1)


def test_the_inputs_are_unchanged() -> None:
    seen, relevant = matrix([[1, 0, 0]]), matrix([[1, 1, 0]])
    evaluate(fixed([[1, 2, 3]]), seen, relevant, k=2)
    assert (seen.toarray().tolist(), relevant.toarray().tolist()) == ([[1, 0, 0]], [[1, 1, 0]])
