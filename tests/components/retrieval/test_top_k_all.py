"""Many users at once get the lists that they get one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from components.recommenders.exact_top_k import top_k_of_scores
from components.retrieval.top_k_all import BLOCK_SCORES, GROUP, top_k_all, top_k_of_rows


def one_by_one(scores: np.ndarray, k: int, seen: csr_array) -> tuple[list[list[int]], list[list[float]]]:
    rankings = [
        top_k_of_scores(row, k, seen.indices[seen.indptr[place] : seen.indptr[place + 1]])
        for place, row in enumerate(scores)
    ]
    return [ranking.items.tolist() for ranking in rankings], [ranking.scores.tolist() for ranking in rankings]


def without_ends(lists: np.ndarray, values: np.ndarray) -> tuple[list[list[int]], list[list[float]]]:
    assert (np.isnan(values) == (lists == -1)).all()
    assert (np.diff((lists >= 0).astype(int), axis=1) <= 0).all()
    return [row[row >= 0].tolist() for row in lists], [row[~np.isnan(row)].tolist() for row in values]


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(0, 5), st.integers(1, 3 * GROUP)),
    levels=st.integers(1, 40),
    share_seen=st.sampled_from([0.0, 0.1, 0.9, 1.0]),
    k=st.integers(0, 12),
)
def test_each_row_is_the_exact_top_of_its_scores(
    seed: int, shape: tuple[int, int], levels: int, share_seen: float, k: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-levels, levels, shape).astype(np.float32)
    seen = csr_array(rng.random(shape) < share_seen, dtype=np.float32)
    assert without_ends(*top_k_of_rows(scores, k, seen)) == one_by_one(scores, k, seen)


@pytest.mark.parametrize("threads", [1, 3])
def test_blocks_and_threads_change_nothing(threads: int) -> None:
    rng = np.random.default_rng(5)
    n_users, n_items = 3 * (BLOCK_SCORES // 5_000) + 7, 5_000
    # Small whole numbers have exact products in any order of summing, and many ties.
    users = rng.integers(-3, 4, (n_users, 8)).astype(np.float32)
    items = rng.integers(-3, 4, (n_items, 8)).astype(np.float32)
    seen = csr_array(rng.random((n_users, n_items)) < 0.01, dtype=np.float32)
    found = without_ends(*top_k_all(users, items, seen, 10, threads))
    assert found == one_by_one(users @ items.T, 10, seen)


def test_minus_infinity_is_never_recommended() -> None:
    scores = np.array([[-np.inf, 1, -np.inf, 2]], np.float32)
    lists, values = top_k_of_rows(scores, 3, csr_array((1, 4), dtype=np.float32))
    assert lists.tolist() == [[3, 1, -1]]
    assert values[0, :2].tolist() == [2, 1]


def test_scores_that_cannot_be_written_are_ranked_and_unchanged() -> None:
    scores = np.broadcast_to(np.array([1, 3, 2], np.float32), (2, 3))
    seen = csr_array(np.array([[0, 1, 0], [0, 0, 0]], np.float32))
    lists, _ = top_k_of_rows(scores, 2, seen)
    assert lists.tolist() == [[2, 0], [1, 2]]
    assert scores.tolist() == [[1, 3, 2]] * 2
