"""How often replies are faulty, with exact bounds, and how many replies more it would take to know it is rare."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy.special import betaincinv


@dataclass(frozen=True)
class FaultRate:
    """Faulty replies among all, each counted once however many faults it has.

    Attributes:
        low, high: one-sided bounds, each of which holds with the confidence (Clopper and Pearson 1934, exact).
        kinds: how many replies had a fault of the kind.
    """

    faulty: int
    replies: int
    low: float
    high: float
    kinds: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Share of faulty replies; NaN without replies."""
        return self.faulty / self.replies if self.replies else math.nan


def count_faults(faults_of: Iterable[tuple[str, ...]], confidence: float) -> FaultRate:
    """The rate over replies, each given by the kinds of its faults."""
    kinds: Counter[str] = Counter()
    faulty = replies = 0
    for faults in faults_of:
        replies += 1
        faulty += bool(faults)
        kinds.update(set(faults))
    low, high = exact_bounds(faulty, replies, confidence)
    return FaultRate(faulty, replies, low, high, dict(kinds.most_common()))


def exact_bounds(faulty: int, replies: int, confidence: float) -> tuple[float, float]:
    """Lower and upper bound of the probability behind `faulty` of `replies`; (0, 1) without replies."""
    if not replies:
        return 0.0, 1.0
    low = float(betaincinv(faulty, replies - faulty + 1, 1 - confidence)) if faulty else 0.0
    high = float(betaincinv(faulty + 1, replies - faulty, confidence)) if faulty < replies else 1.0
    return low, high


def replies_needed(found: FaultRate, limit: float, confidence: float) -> int | None:
    """Replies in all at which the upper bound falls under `limit` if the rate stays; None if it never would."""
    if found.replies and found.rate >= limit:
        return None
    replies = max(found.replies, 1)
    rate = found.rate if found.replies else 0.0
    low, high = replies, replies
    while exact_bounds(math.ceil(rate * high), high, confidence)[1] >= limit:
        low, high = high, 2 * high
        if high > 1_000_000:
            return None
    while low < high:
        middle = (low + high) // 2
        if exact_bounds(math.ceil(rate * middle), middle, confidence)[1] < limit:
            high = middle
        else:
            low = middle + 1
    return high
