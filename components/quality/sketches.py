"""Small summaries that add up: how many different things there were, and quantiles of a time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

BITS = 8_192
"""Of a distinct count: its error is about 1 % up to some 8,000 things and 2 % at 30,000; it ends near 60,000."""

GROWTH = 1.05
"""Of the bins of a time: a quantile is at most 2.5 % off (DDSketch, Masson, Rim and Lee, VLDB 2019)."""

Bitmap = NDArray[np.uint8]


def sketch_of(hashes: NDArray[np.uint64]) -> Bitmap:
    """A bitmap with one bit set per hash, (BITS / 8,)."""
    bits = np.zeros(BITS, np.bool_)
    bits[(hashes % np.uint64(BITS)).astype(np.int64)] = True
    return np.packbits(bits)


def distinct(sketch: Bitmap) -> float:
    """About how many different hashes went in: linear counting (Whang, Vander-Zanden and Taylor 1990)."""
    empty = BITS - int(np.unpackbits(sketch).sum())
    return -BITS * math.log(max(empty, 1) / BITS)


def bins_of(milliseconds: NDArray[np.float64]) -> dict[int, int]:
    """How many times fell into each bin; NaN is left out, and what is under a microsecond counts as one."""
    valid = milliseconds[np.isfinite(milliseconds)]
    bins = np.ceil(np.log(np.maximum(valid, 1e-3)) / math.log(GROWTH)).astype(np.int64)
    values, counts = np.unique(bins, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def quantile(bins: Mapping[int, int], share: float) -> float:
    """The time below which `share` of all lie, in milliseconds; NaN without any."""
    total = sum(bins.values())
    if not total:
        return float("nan")
    reached = 0
    for bin_, count in sorted(bins.items()):
        reached += count
        if reached >= share * total:
            return float(2 * GROWTH**bin_ / (1 + GROWTH))
    raise AssertionError("unreachable: the shares add up to 1")
