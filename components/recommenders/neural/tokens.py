"""How one interaction of a history looks to an encoder: its item, what it was, and how long after the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import MOST_KINDS

Codes = NDArray[np.int8]

N_MARKS = 2 * (MOST_KINDS + 1)
N_GAPS = 16


def marks_of(liked: NDArray[np.bool_], kinds: NDArray[np.int8] | None) -> Codes:
    """Whether each interaction was liked, and of which type it is, as one number below `N_MARKS`."""
    known = np.zeros(len(liked), np.int8) if kinds is None else (kinds + 1).astype(np.int8)
    return (2 * known + liked).astype(np.int8)


def gaps_of(seconds: NDArray[np.int64]) -> Codes:
    """Twofold steps of the minutes since the interaction before, below `N_GAPS`; 0 for the first."""
    if not len(seconds):
        return np.empty(0, np.int8)
    minutes = np.maximum(np.diff(seconds, prepend=seconds[0]), 0) / 60
    codes = 1 + np.minimum(np.log2(1 + minutes), N_GAPS - 2).astype(np.int8)
    codes[0] = 0
    return codes.astype(np.int8)
