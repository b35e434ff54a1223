"""The exact best items of a user: the path of small catalogues, and the oracle of the approximate index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Ranking


def top_k_of_scores(scores: NDArray[np.float32], k: int, exclude: NDArray[np.integer]) -> Ranking:
    """The best `k` of one row of scores, (n_items,), without the item rows in `exclude`.

    Equal scores are ordered by item row, also across the cut at `k`. Fewer than `k` items are returned when the
    catalogue ends; `scores` stays unchanged.
    """
    allowed = scores
    if len(exclude):
        allowed = scores.copy()
        allowed[exclude] = -np.inf
    n_allowed = len(scores) - len(np.unique(exclude))
    k = max(min(k, n_allowed), 0)
    if k == 0:
        return Ranking(np.empty(0, np.int32), np.empty(0, np.float32))
    cut = np.partition(allowed, len(allowed) - k)[len(allowed) - k]
    candidates = np.flatnonzero(allowed >= cut)
    order = np.argsort(-allowed[candidates], kind="stable")[:k]
    items = candidates[order].astype(np.int32)
    return Ranking(items, allowed[items])
