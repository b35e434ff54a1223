"""Intervals for a mean over users, and for a difference between two models on the same users, by resampling users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BATCH = 2_000_000
"""Draws held in memory at once."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its confidence interval; all three are NaN without users."""

    mean: float
    low: float
    high: float


def mean_interval(values: NDArray[np.floating], rng: np.random.Generator, samples: int, confidence: float) -> Interval:
    """Percentile bootstrap of the mean of `values`, one per user, (n_users,) (Efron 1979).

    Users are drawn with replacement `samples` times. With one user the interval is that user's value.
    """
    if not len(values):
        return Interval(float("nan"), float("nan"), float("nan"))
    rows = max(1, BATCH // len(values))
    means = np.concatenate(
        [
            values[rng.integers(0, len(values), size=(min(rows, samples - start), len(values)))].mean(axis=1)
            for start in range(0, samples, rows)
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(
    a: NDArray[np.floating], b: NDArray[np.floating], rng: np.random.Generator, samples: int, confidence: float
) -> Interval:
    """Interval of the mean of `a - b`, where both hold the same users in the same order.

    Raises:
        ValueError: the lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"not the same users: {len(a)} and {len(b)} values")
    return mean_interval(a - b, rng, samples, confidence)
