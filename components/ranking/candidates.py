"""Scores of several fitted recommenders made comparable, and the best items by their mean as candidates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import FittedRecommender, Rows, Scores


def candidates(
    recommenders: Mapping[str, FittedRecommender], users: NDArray[np.integer], seen: csr_array, n_candidates: int
) -> tuple[Rows, dict[str, Scores]]:
    """The `n_candidates` items with the highest mean score that each user has not seen, and their scores.

    Scores are standardised per user and recommender over the items not seen. Both results have a row per user; where
    fewer items are left, rows end in -1 and scores of 0.
    """
    rows = seen[users]
    owners = np.repeat(np.arange(len(users)), np.diff(rows.indptr))
    standardised = {name: _standardised(fitted.scores(users), owners, rows) for name, fitted in recommenders.items()}
    mean = np.mean(list(standardised.values()), axis=0)
    mean[owners, rows.indices] = -np.inf
    n_candidates = min(n_candidates, mean.shape[1])
    items = np.argpartition(-mean, n_candidates - 1, axis=1)[:, :n_candidates]
    items = np.take_along_axis(items, np.lexsort((items, -np.take_along_axis(mean, items, axis=1)), axis=1), axis=1)
    missing = np.isneginf(np.take_along_axis(mean, items, axis=1))
    scores = {name: np.where(missing, 0, np.take_along_axis(v, items, axis=1)) for name, v in standardised.items()}
    return np.where(missing, -1, items).astype(np.int32), scores


def _standardised(scores: Scores, owners: NDArray[np.integer], seen: csr_array) -> Scores:
    left = np.maximum(scores.shape[1] - np.diff(seen.indptr), 1)[:, None]
    values = np.array(scores, np.float64)
    values[owners, seen.indices] = 0
    mean = values.sum(axis=1, keepdims=True) / left
    values -= mean
    values[owners, seen.indices] = 0
    spread = np.sqrt((values**2).sum(axis=1, keepdims=True) / left)
    even = np.divide(values, spread, out=np.zeros_like(values), where=spread > 1e-12)
    return np.asarray(even, np.float32)
