"""The exact best items of many users at once: the same lists as one by one, in blocks that fit the processor's cache.

Most scores are far from the top, so each is looked at twice and only a few are sorted. The maxima of groups of columns
give a bound: the k-th largest of them is at most the k-th largest score, and only scores that reach it are candidates.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import Scores

Lists = NDArray[np.int32]

BLOCK_SCORES = 1 << 19
"""Scores worked on at once, 2 MB of float32, which stay in the cache from the product to the sort."""
MIN_BLOCK_USERS = 16
GROUP = 32
"""Columns that share a maximum; the maxima are then a small fraction of the scores."""


def top_k_all(
    user_factors: Scores, item_factors: Scores, seen: csr_array, k: int, threads: int = 1
) -> tuple[Lists, Scores]:
    """The best `k` items of every user without those in `seen`, by inner product, exact.

    Equal scores are ordered by item row. A list that ends early, as the user has seen the rest, is filled up with -1,
    its scores with NaN. Nothing given is changed.

    Args:
        user_factors, item_factors: float32, (n_users, width) and (n_items, width).
        seen: (n_users, n_items).
        threads: blocks worked on at the same time; more than one is of use where BLAS itself is kept to one thread.

    Returns:
        Item rows and their scores, both (n_users, k).
    """
    n_users, n_items = len(user_factors), len(item_factors)
    lists, values = _empty(n_users, k)
    step = _block_users(n_items)
    transposed = item_factors.T

    def work(start: int) -> None:
        stop = min(start + step, n_users)
        _select(user_factors[start:stop] @ transposed, seen, start, lists[start:stop], values[start:stop])

    starts = range(0, n_users, step)
    if threads == 1:
        for start in starts:
            work(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, starts))
    return lists, values


def top_k_of_rows(scores: Scores, k: int, seen: csr_array) -> tuple[Lists, Scores]:
    """The best `k` of each row of scores, (n_users, n_items), without the columns that the same row of `seen` holds.

    Lists and scores as `top_k_all` gives them; for finite scores each row equals `exact_top_k.top_k_of_scores`. A
    score of minus infinity is never in a list.
    """
    lists, values = _empty(len(scores), k)
    step = _block_users(scores.shape[1])
    for start in range(0, len(scores), step):
        rows = slice(start, start + step)
        _select(scores[rows].copy(), seen, start, lists[rows], values[rows])
    return lists, values


def _select(scores: Scores, seen: csr_array, first: int, lists: Lists, values: Scores) -> None:
    """Fill `lists` and `values` from a block of scores, which is overwritten; `first` is its first row in `seen`."""
    n_rows, n_items = scores.shape
    k = min(lists.shape[1], n_items)
    if not k:
        return
    bounds = seen.indptr[first : first + n_rows + 1]
    scores[np.repeat(np.arange(n_rows), np.diff(bounds)), seen.indices[bounds[0] : bounds[-1]]] = -np.inf
    cut = np.maximum(_lower_bound(scores, k), np.finfo(np.float32).min)
    flat = np.flatnonzero(scores >= cut[:, None])
    rows, columns = np.divmod(flat, n_items)
    found = scores.ravel()[flat]
    order = np.lexsort((-found, rows))
    n_found = np.bincount(rows, minlength=n_rows)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(n_found) - n_found, n_found)
    kept = rank < k
    order, rows, rank = order[kept], rows[kept], rank[kept]
    lists[rows, rank] = columns[order]
    values[rows, rank] = found[order]


def _lower_bound(scores: Scores, k: int) -> Scores:
    """Per row a number that at least `k` scores reach, close to the k-th largest, (n_rows,)."""
    n_rows, n_items = scores.shape
    n_groups = n_items // GROUP
    if n_groups >= 2 * k:
        # A group is every n_groups-th column: maxima of whole rows of memory are quicker than of neighbours.
        scores = scores[:, : GROUP * n_groups].reshape(n_rows, GROUP, n_groups).max(axis=1)
    place = scores.shape[1] - k
    bound: Scores = np.partition(scores, place, axis=1)[:, place]
    return bound


def _block_users(n_items: int) -> int:
    return max(BLOCK_SCORES // max(n_items, 1), MIN_BLOCK_USERS)


def _empty(n_users: int, k: int) -> tuple[Lists, Scores]:
    return np.full((n_users, k), -1, np.int32), np.full((n_users, k), np.nan, np.float32)
