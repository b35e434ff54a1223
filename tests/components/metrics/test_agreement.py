"""Our metrics against scikit-learn's, and against counting by hand, on random cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import ndcg_score

from components.metrics.ranking import average_precision, ndcg, recall
from components.metrics.variety import intra_list_diversity


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_is_that_of_scikit_learn(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    relevant = rng.random((5, 12)) < 0.3
    relevant[np.arange(5), rng.integers(0, 12, 5)] = True
    scores = rng.permuted(np.tile(np.arange(12.0), (5, 1)), axis=1)
    order = np.argsort(-scores, axis=1)[:, :k]
    ours = ndcg(np.take_along_axis(relevant, order, axis=1), relevant.sum(axis=1))
    theirs = [ndcg_score(relevant[[row]], scores[[row]], k=k) for row in range(5)]
    np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("seed", range(20))
def test_average_precision_is_the_mean_of_precision_at_hits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hits = rng.random((6, 8)) < 0.4
    n_relevant = hits.sum(axis=1) + rng.integers(0, 4, 6)
    for row, value in enumerate(average_precision(hits, n_relevant)):
        precisions = [hits[row, : rank + 1].mean() for rank in np.flatnonzero(hits[row])]
        if n_relevant[row]:
            assert value == pytest.approx(sum(precisions) / min(n_relevant[row], 8))
        else:
            assert np.isnan(value)


def test_a_perfect_list_has_one_and_an_empty_one_zero() -> None:
    perfect, empty = np.ones((1, 3), bool), np.zeros((1, 3), bool)
    for metric in (ndcg, average_precision):
        assert metric(perfect, np.array([7]))[0] == pytest.approx(1)
        assert metric(empty, np.array([7]))[0] == 0
    assert recall(perfect, np.array([6]))[0] == 0.5


def test_diversity_is_one_minus_the_mean_cosine_of_pairs() -> None:
    labels = csr_array(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]], float))
    same, apart = np.array([[1, 1]]), np.array([[1, 2]])
    assert intra_list_diversity(same, labels) == pytest.approx(0)
    assert intra_list_diversity(apart, labels) == 1
    assert intra_list_diversity(np.array([[0, 1, -1]]), labels) == pytest.approx(1 - 1 / np.sqrt(2))
    assert intra_list_diversity(np.array([[0, 1], [1, 2]]), labels) == pytest.approx(1 - 0.5 / np.sqrt(2))
    assert intra_list_diversity(np.array([[0, 3]]), labels) == 1
    assert np.isnan(intra_list_diversity(np.array([[0, -1]]), labels))
    assert np.isnan(intra_list_diversity(same, csr_array((4, 0))))
