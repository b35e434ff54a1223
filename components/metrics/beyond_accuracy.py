"""What a set of recommendation lists does to the catalogue: how much of it is shown, and how unfamiliar it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def exposure(lists: NDArray[np.integer], n_items: int) -> NDArray[np.int64]:
    """How often each item row stands in `lists`, (n_items,); -1 marks the end of a short list."""
    shown: NDArray[np.int64] = np.bincount(lists[lists >= 0], minlength=n_items)
    return shown


def coverage(exposures: NDArray[np.integer]) -> float:
    """Share of the catalogue that stands in at least one list; 0 for an empty catalogue."""
    return float((exposures > 0).mean()) if len(exposures) else 0.0


def novelty(exposures: NDArray[np.integer], n_interactions: NDArray[np.integer], n_users: int) -> float:
    """Mean self-information of what is shown, in bits: -log2 of the share of users who know the item (Zhou 2010).

    `n_interactions` counts the users who interacted with each item in training, (n_items,). An item that nobody knows
    counts as known to one. NaN when nothing is shown.
    """
    if not exposures.sum():
        return float("nan")
    known = np.maximum(n_interactions, 1) / n_users
    return float(np.average(-np.log2(known), weights=exposures))
