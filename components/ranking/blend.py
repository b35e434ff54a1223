"""A weighted mean of standardised scores, and how good an order is: what ranks where a ranker learns too little."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from components.metrics.ranking import ndcg
from components.recommenders.protocol import Scores


def blended(scores: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """The weighted mean, same shape as each of `scores`."""
    return np.asarray(sum(weight * scores[name] for name, weight in sorted(weights.items())), np.float32)


def list_quality(
    scores: NDArray[np.floating],
    items: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    n_wanted: NDArray[np.integer],
    k: int,
) -> float:
    """Mean NDCG@k of the users who want something when candidates are ordered by `scores`; 0 without any.

    Args:
        scores, items, wanted: (n_users, n_candidates); items of -1 come last.
        n_wanted: how many items each user wants in all, among the candidates or not, (n_users,).
    """
    each = qualities(scores, items, wanted, n_wanted, k)
    return float(each.mean()) if len(each) else 0.0


def qualities(
    scores: NDArray[np.floating],
    items: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    n_wanted: NDArray[np.integer],
    k: int,
) -> NDArray[np.float64]:
    """NDCG@k of each user who wants something; see `list_quality`."""
    asked = n_wanted > 0
    values = np.where(items[asked] < 0, -np.inf, scores[asked])
    k = min(k, values.shape[1])
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return np.asarray(ndcg(np.take_along_axis(wanted[asked], order, axis=1), n_wanted[asked]), np.float64)


def spread_alike(scores: NDArray[np.floating], items: NDArray[np.int32]) -> Scores:
    """Standardised per user over the candidates, so that two orders can be averaged."""
    real = items >= 0
    count = np.maximum(real.sum(axis=1, keepdims=True), 1)
    centred = np.where(real, scores - np.where(real, scores, 0).sum(axis=1, keepdims=True) / count, 0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    even = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    return np.asarray(even, np.float32)
