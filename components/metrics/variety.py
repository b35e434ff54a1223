"""How different the items of a list are from one another, by their labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def intra_list_diversity(lists: NDArray[np.integer], labels: csr_array) -> float:
    """Mean over lists of the mean of 1 - cosine over all pairs of a list, from 0 (all alike) to 1 (Ziegler 2005).

    Args:
        lists: item rows, (n_users, k), -1 where a list ends early.
        labels: ones where an item has a label, (n_items, n_labels).

    Items without labels are like nothing. NaN when no item has a label or no list has two items.
    """
    if not labels.nnz:
        return float("nan")
    lengths = np.sqrt(np.maximum(np.diff(labels.indptr), 1))
    units = labels.astype(np.float64)
    units.data /= np.repeat(lengths, np.diff(labels.indptr))
    has_label = np.diff(labels.indptr) > 0
    shown, which = np.unique(lists, axis=0, return_inverse=True)
    values = np.full(len(shown), np.nan)
    for row, items in enumerate(shown):
        real = items[items >= 0]
        if len(real) > 1:
            sum_of_units = np.asarray(units[real].sum(axis=0)).ravel()
            cosines = float(sum_of_units @ sum_of_units) - int(has_label[real].sum())
            values[row] = 1 - cosines / (len(real) * (len(real) - 1))
    values = values[which.ravel()]
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
