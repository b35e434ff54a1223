"""Joins the order that a model gives with the scores it was given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.recommenders.protocol import Ranking, Scores


def fuse(candidates: Ranking, order: Sequence[int], weight: float) -> Ranking:
    """The candidates in their new order.

    The first `len(order)` candidates are ranked by `weight` times their place in `order` (1 for the first, 0 for the
    last) plus `1 - weight` times their score (scaled from 0 to 1 among them); of equal ones the first given is first.
    The others follow as they are. New scores run from 2 down: the fused ones are raised by 1, the others lie below 1.

    Args:
        candidates: best first.
        order: a permutation of the positions 0..n-1, best first.
    """
    n = len(order)
    if n == 0:
        return candidates
    places = np.empty(n, np.float32)
    places[np.asarray(order)] = np.arange(n, dtype=np.float32)
    by_model = 1 - places / max(n - 1, 1)
    fused = weight * by_model + (1 - weight) * _scaled(candidates.scores[:n])
    best = np.argsort(-fused, kind="stable")
    tail = _scaled(candidates.scores[n:]) * np.float32(0.999)
    scores = np.concatenate([1 + fused[best], tail]).astype(np.float32)
    return Ranking(np.concatenate([candidates.items[:n][best], candidates.items[n:]]), scores)


def mean_order(orders: Sequence[Sequence[int]], n: int) -> tuple[int, ...]:
    """One order out of several of the same `n` positions, by mean place; equal ones as they were given first.

    Borda (1781), as in the bootstrapping of Hou et al. (2024), "Large language models are zero-shot rankers".
    """
    places = np.zeros(n)
    for order in orders:
        places[np.asarray(order)] += np.arange(n)
    return tuple(np.argsort(places, kind="stable").tolist())


def _scaled(scores: Scores) -> Scores:
    if len(scores) == 0:
        return scores
    low, high = scores.min(), scores.max()
    if high == low:
        return np.ones(len(scores), np.float32)
    return np.asarray((scores - low) / (high - low), np.float32)
