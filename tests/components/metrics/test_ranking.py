"""Metrics of a list, held against scikit-learn's and against hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.metrics.ranking import average_precision, hit_rate, ndcg, recall


@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_ndcg_equals_that_of_scikit_learn(k: int) -> None:
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(k)
    n_users, n_items = 200, 25
    relevant = rng.random((n_users, n_items)) < rng.uniform(0.02, 0.9, (n_users, 1))
    relevant[:, 0] |= ~relevant.any(axis=1)
    # Coarse scores tie often; equal ones are ordered by item row, here and, through distinct ranks, there.
    scores = np.round(rng.random((n_users, n_items)), 1)
    order = np.argsort(-scores, axis=1, kind="stable")
    distinct = np.empty_like(scores)
    np.put_along_axis(distinct, order, np.arange(n_items, 0, -1.0)[None, :], axis=1)
    hits = np.take_along_axis(relevant, order, axis=1)[:, :k]
    hits = np.pad(hits, ((0, 0), (0, k - hits.shape[1])))
    expected = [ndcg_score(relevant[[user]], distinct[[user]], k=k, ignore_ties=True) for user in range(n_users)]
    np.testing.assert_allclose(ndcg(hits, relevant.sum(axis=1)), expected, rtol=1e-12)


def test_known_lists() -> None:
    hits = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0]], bool)
    n_relevant = np.array([1, 2, 9, 4])
    second = 1 / math.log2(3)
    expected = [1.0, 0.5 / (1 + second), 1.0, 0.0]
    assert ndcg(hits, n_relevant).tolist() == pytest.approx(expected, rel=1e-12)
    assert recall(hits, n_relevant).tolist() == [1.0, 0.5, 3 / 9, 0.0]
    assert hit_rate(hits, n_relevant).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_without_a_relevant_item_there_is_no_number() -> None:
    hits, none = np.zeros((2, 3), bool), np.array([0, 0])
    for metric in (ndcg, recall, hit_rate):
        assert np.isnan(metric(hits, none)).all()


def test_no_users_give_no_numbers() -> None:
    hits, none = np.zeros((0, 3), bool), np.empty(0, int)
    for metric in (ndcg, recall, hit_rate):
        assert metric(hits, none).shape == (0,)


def test_average_precision_is_the_mean_over_the_relevant_items_of_the_precision_at_their_ranks() -> None:
    hits = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1]], bool)
    n_relevant = np.array([2, 1, 5, 9, 2])
    # Two of two at ranks 1 and 3; one of one at rank 2; none; a perfect list of 3 for 9 wanted; one of two at rank 3.
    expected = [(1 + 2 / 3) / 2, 1 / 2, 0.0, 1.0, (1 / 3) / 2]
    assert average_precision(hits, n_relevant).tolist() == pytest.approx(expected)
    assert np.isnan(average_precision(np.zeros((2, 3), bool), np.array([0, 0]))).all()
    assert average_precision(np.zeros((0, 3), bool), np.empty(0, int)).shape == (0,)


def test_average_precision_equals_that_of_scikit_learn_where_all_items_are_listed() -> None:
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(5)
    hits = rng.random((100, 20)) < 0.3
    hits[:, 3] |= ~hits.any(axis=1)
    expected = [average_precision_score(row, np.arange(20, 0, -1)) for row in hits]
    np.testing.assert_allclose(average_precision(hits, hits.sum(axis=1)), expected, rtol=1e-12)
