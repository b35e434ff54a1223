"""EASE against its definition, from either side, and its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.ease import Ease, EaseConfig, ease_needs, ease_weights, inverse_of_positive
from components.recommenders.item_weights import strongest, strongest_of_sparse
from components.recommenders.protocol import RecommenderError
from tests.worlds import checkerboard, missing_item


def by_definition(history: np.ndarray, regularisation: float) -> np.ndarray:
    inverse = np.linalg.inv(history.T @ history + regularisation * np.eye(history.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)], ids=["more users", "more items"])
def test_the_weights_are_those_of_the_definition(shape: tuple[int, int]) -> None:
    history = (np.random.default_rng(0).random(shape) < 0.3).astype(np.float32)
    weights = ease_weights(csr_array(history), 2.0, top=100).toarray()
    met = history.any(axis=0)
    expected = np.where(np.outer(met, met), by_definition(history, 2.0), 0)
    np.testing.assert_allclose(weights, expected, atol=2e-6)


def test_only_the_strongest_weights_of_an_item_are_kept() -> None:
    history = (np.random.default_rng(1).random((40, 12)) < 0.4).astype(np.float32)
    everything, kept = (ease_weights(csr_array(history), 1.0, top) for top in (12, 3))
    for row in range(12):
        full = everything[[row]].toarray()[0]
        strongest = np.sort(np.argsort(-np.abs(full))[:3])
        np.testing.assert_array_equal(np.flatnonzero(kept[[row]].toarray()[0]), strongest)


def test_the_missing_item_of_the_checkerboard_comes_first() -> None:
    data = checkerboard()
    fitted = Ease(EaseConfig(regularisation=1.0)).fit(data, seed=0)
    for user in range(fitted.n_users):
        seen = data.seen[[user]].indices
        assert fitted.top_k(user, 1, seen).items.tolist() == [missing_item(user)]


def test_beyond_the_limit_the_items_met_most_are_solved_for_and_the_rest_nears_the_definition() -> None:
    rng = np.random.default_rng(5)
    history = (rng.random((60, 12)) < np.linspace(0.6, 0.05, 12)).astype(np.float32)
    history[0] = 1
    head = np.argsort(-history.sum(axis=0), kind="stable")[:6]
    among = np.ix_(head, head)
    few = ease_weights(csr_array(history), 2.0, top=100, max_items=6).toarray()
    np.testing.assert_allclose(few[among], by_definition(history[:, head], 2.0), atol=2e-6)
    off = []
    for regularisation in (10.0, 1_000.0):
        few = ease_weights(csr_array(history), regularisation, top=100, max_items=6).toarray()
        whole = by_definition(history, regularisation)
        off.append(np.abs(few - whole).max() / np.abs(whole).max())
    assert off[1] < 0.05 < off[0]


def test_what_is_needed_is_stated_by_either_dimension() -> None:
    narrow, wide = ease_needs(2_000, 100_000, 1e7, 20_000), ease_needs(50_000, 17_000, 1e7, 20_000)
    assert narrow.megabytes > 2_000 * 100_000 * 4 / 1e6
    assert wide.megabytes > 17_000**2 * 4 / 1e6
    # Through users it would be 100,000 by 10,000 dense cells and more.
    assert ease_needs(10_000, 100_000, 1e7, 5_000).megabytes < 1_000


def test_a_user_who_has_seen_everything_gets_nothing() -> None:
    data = checkerboard()
    everything = csr_array(np.ones(data.seen.shape, np.float32))
    fitted = Ease(EaseConfig()).fit(replace(data, positives=everything, seen=everything), seed=0)
    assert len(fitted.top_k(0, 5, np.arange(fitted.n_items))) == 0


def test_cholesky_gives_the_inverse_that_numpy_gives() -> None:
    history = (np.random.default_rng(2).random((3000, 1100)) < 0.05).astype(np.float64)
    gram = history.T @ history + 200 * np.eye(1100)
    found = inverse_of_positive(gram.astype(np.float32))
    np.testing.assert_allclose(found, np.linalg.inv(gram), atol=1e-6)
    np.testing.assert_array_equal(found, found.T)


def test_a_matrix_that_has_no_inverse_is_refused() -> None:
    with pytest.raises(RecommenderError, match="regularisation"):
        inverse_of_positive(np.zeros((3, 3), np.float32))


def test_the_strongest_of_a_sparse_matrix_are_those_of_the_dense_one() -> None:
    rng = np.random.default_rng(3)
    dense = np.where(rng.random((50, 40)) < 0.5, rng.permutation(2000).reshape(50, 40) - 1000, 0).astype(np.float32)
    for top in (1, 7, 40):
        few = strongest_of_sparse(csr_array(dense), top).toarray()
        np.testing.assert_array_equal(few, strongest(dense, top).toarray())
