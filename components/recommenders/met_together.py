"""How many users met each two items, a block of items at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csc_array, csr_array

PAIRS_HELD = 20_000_000
"""Pairs of a user's interactions that are counted at once."""


def met_together(history: csr_array) -> Iterator[tuple[int, csr_array]]:
    """The first row of each block, and its rows of the product of `history`, (n_users, n_items), with itself, columns
    ascending.
    """
    by_item = csr_array(csc_array(history).T)
    lengths = np.diff(history.indptr).astype(np.float64)
    pairs = np.concatenate([[0.0], np.cumsum(lengths[by_item.indices])])[by_item.indptr]
    start = 0
    while start < history.shape[1]:
        stop = max(start + 1, int(np.searchsorted(pairs, pairs[start] + PAIRS_HELD, side="right")) - 1)
        both = csr_array(by_item[start:stop] @ history)
        both.sort_indices()
        yield start, both
        start = stop
