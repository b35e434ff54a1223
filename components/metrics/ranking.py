"""How well the top of a list matches what a user found relevant: NDCG, recall, hit rate and average precision per user.

Relevance is binary. Järvelin and Kekäläinen (2002): a hit at rank r, from 1, gains 1 / log2(r + 1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Values = NDArray[np.float64]


def ndcg(hits: Hits, n_relevant: NDArray[np.integer]) -> Values:
    """Discounted gain of each list over that of the best list possible, (n_users,), from 0 to 1.

    Args:
        hits: whether the item at each rank is relevant, (n_users, k), best first; a list shorter than k ends in False.
        n_relevant: how many relevant items each user has in all, found or not; the ideal list holds at most k of them.

    A user without any relevant item gets NaN: no list can be good or bad for them.
    """
    k = hits.shape[1]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(discounts)])[np.minimum(n_relevant, k)]
    gain: Values = hits @ discounts
    normalised: Values = gain / ideal
    return normalised


def recall(hits: Hits, n_relevant: NDArray[np.integer]) -> Values:
    """Share of each user's relevant items in the list, (n_users,); NaN without any. Arguments as for `ndcg`."""
    found = hits.sum(axis=1)
    share: Values = np.divide(found, n_relevant, out=np.full(len(found), np.nan), where=n_relevant > 0)
    return share


def hit_rate(hits: Hits, n_relevant: NDArray[np.integer]) -> Values:
    """1 where the list holds a relevant item, else 0, (n_users,); NaN without any. Arguments as for `ndcg`."""
    return np.where(n_relevant > 0, hits.any(axis=1).astype(float), np.nan)


def average_precision(hits: Hits, n_relevant: NDArray[np.integer]) -> Values:
    """Mean over a user's relevant items of the precision at their ranks, 0 for one not listed, (n_users,).

    The mean is over at most k items, so that a perfect list has 1; NaN without any. Arguments as for `ndcg`.
    """
    ranks = np.arange(1, hits.shape[1] + 1)
    total = (hits * np.cumsum(hits, axis=1) / ranks).sum(axis=1)
    wanted = np.minimum(n_relevant, hits.shape[1])
    precision: Values = np.divide(total, wanted, out=np.full(len(total), np.nan), where=wanted > 0)
    return precision
