"""Trades a little relevance for variety in a list: maximal marginal relevance, and a cap per category.

Carbonell and Goldstein (1998): the next item is the one with the largest
(1 - strength) * relevance - strength * (largest similarity to an item already taken).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import Ranking, Rows


def diversify(
    ranking: Ranking,
    k: int,
    item_labels: csr_array,
    categories: Sequence[str],
    strength: float,
    max_per_category: int | None,
) -> Ranking:
    """The `k` items of `ranking` that make the best list, in the order in which they are taken, scores unchanged.

    Args:
        ranking: candidates, best first.
        item_labels: what two items can have in common, (n_items, n_labels); similarity is the cosine of rows.
        categories: one per item row; items without a category ("") are not capped.
        strength: 0 keeps the order, 1 looks at variety alone once the best item is taken.
        max_per_category: how many items of one category the list may hold; None caps nothing. Where the candidates
            cannot fill the list under the cap, the best ones over it do.

    Relevance is a candidate's score, scaled so that the best candidate has 1 and the last one 0. Equal values are taken
    in the order of `ranking`.
    """
    capped = max_per_category is not None
    if len(ranking) == 0 or (strength == 0 and not capped):
        return Ranking(ranking.items[:k], ranking.scores[:k])
    names = [categories[row] for row in ranking.items.tolist()] if capped else []
    similarities = cosines_of(item_labels, ranking.items) if strength else None
    values = np.float32(1 - strength) * _scaled(ranking.scores)
    nearest = np.zeros(len(ranking), np.float32)
    free = np.ones(len(ranking), np.bool_)
    allowed = free.copy()
    taken: list[int] = []
    counts: Counter[str] = Counter()
    while len(taken) < min(k, len(ranking)):
        pool = allowed if allowed.any() else free
        place = int(np.where(pool, values - strength * nearest, -np.inf).argmax())
        taken.append(place)
        free[place] = allowed[place] = False
        if similarities is not None:
            np.maximum(nearest, similarities[place], out=nearest)
        if max_per_category is not None and names[place]:
            counts[names[place]] += 1
            if counts[names[place]] == max_per_category:
                allowed &= np.array([name != names[place] for name in names])
    return Ranking(ranking.items[taken], ranking.scores[taken])


def cosines_of(item_labels: csr_array, rows: Rows) -> NDArray[np.float32]:
    """Cosine of the labels of each pair of items, (len(rows), len(rows)); an item without labels is like none.

    The rows are gathered by hand, as slicing a sparse matrix takes several times as long.
    """
    starts = item_labels.indptr[rows]
    lengths = item_labels.indptr[rows + 1] - starts
    ends = np.cumsum(lengths)
    cells = np.repeat(starts - (ends - lengths), lengths) + np.arange(lengths.sum())
    names, columns = np.unique(item_labels.indices[cells], return_inverse=True)
    labels = np.zeros((len(rows), len(names)), np.float32)
    labels[np.repeat(np.arange(len(rows)), lengths), columns] = item_labels.data[cells]
    norms = np.sqrt(np.einsum("ij,ij->i", labels, labels))
    labels /= np.maximum(norms, np.finfo(np.float32).tiny)[:, None]
    cosines: NDArray[np.float32] = labels @ labels.T
    return cosines


def list_diversity(item_labels: csr_array, rows: Rows) -> float:
    """Mean of 1 - cosine over the pairs of a list (intra-list distance, Ziegler 2005); NaN for fewer than two items."""
    n = len(rows)
    if n < 2:
        return float("nan")
    cosines = cosines_of(item_labels, rows)
    return float(1 - (cosines.sum() - np.trace(cosines)) / (n * (n - 1)))


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = scores.min(), scores.max()
    if high == low:
        return np.ones(len(scores), np.float32)
    scaled: NDArray[np.float32] = (scores - low) / (high - low)
    return scaled
