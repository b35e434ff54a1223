"""The exact top is the sorted order, whatever the scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.recommenders.exact_top_k import top_k_of_scores


@given(
    scores=st.lists(st.sampled_from([-2.0, 0.0, 0.5, 3.0]), max_size=12),
    k=st.integers(0, 15),
    exclude=st.lists(st.integers(0, 11), max_size=8),
)
def test_it_is_the_sorted_order_with_ties_by_row(scores: list[float], k: int, exclude: list[int]) -> None:
    exclude = [row for row in exclude if row < len(scores)]
    expected = sorted((row for row in range(len(scores)) if row not in exclude), key=lambda row: (-scores[row], row))
    ranking = top_k_of_scores(np.array(scores, np.float32), k, np.array(exclude, np.int32))
    assert ranking.items.tolist() == expected[:k]
    assert ranking.scores.tolist() == [scores[row] for row in expected[:k]]
    assert (ranking.items.dtype, ranking.scores.dtype) == (np.int32, np.float32)


def test_the_scores_are_unchanged() -> None:
    scores = np.arange(5, dtype=np.float32)
    top_k_of_scores(scores, 2, np.array([4]))
    assert scores.tolist() == [0, 1, 2, 3, 4]
