"""Tells a release that answers slowly from a slot that did so for a while.

A burst (a neighbour on the machine, a collection of garbage, a cold cache) hits one slot for some seconds and says
nothing of the release that runs there; a release that is slow is slow all the while. So the time of a step is cut into
blocks, both slots are compared within the same seconds, and a slow release is one that is slow in the calmest third of
the blocks, at most those that are left after a burst as long as two looks. What else is slow is told, and looked at
again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, ndtr

SLOW_SHARE = 0.05
"""Of the answers, by the definition of the 95th percentile."""
MIN_TIMED = 30
"""Answers in each arm below which a 95th percentile says nothing."""
MAX_LIVE_SHARE = 2 * SLOW_SHARE
"""Of the live answers in a block over what is allowed, above which the block is no measure."""
MIN_CALM = 10
"""Answers of the canary in the calmest blocks below which these say nothing."""
BLOCKS_PER_LOOK = 3
LONGEST_BURST = 2 * BLOCKS_PER_LOOK + 1
"""Blocks: two looks, and one more as no burst begins with a block."""


@dataclass(frozen=True)
class TimedAnswers:
    """Answers of one release: who asked, when (seconds since 1970), and how long the answer took; all (n,)."""

    users: NDArray[np.int64]
    at: NDArray[np.float64]
    milliseconds: NDArray[np.float64]


@dataclass(frozen=True)
class Slowness:
    """What the times of a canary say; p-values are one-sided, of answering no slower than is allowed.

    Attributes:
        live_p95, canary_p95: milliseconds, of all answers; NaN where there are too few.
        bar: what the live p95 and its margin allow.
        calm: p-value in the calmest blocks: the release.
        whole: p-value over the whole step: release or slot.
        newest: p-value in the newest look.
        settled: whether there are enough blocks to tell release and slot apart.
    """

    live_p95: float
    canary_p95: float
    bar: float
    calm: float
    whole: float
    newest: float
    settled: bool


def measure_slowness(
    live: TimedAnswers, canary: TimedAnswers, looks: Sequence[float], ratio: float, floor_ms: float
) -> Slowness | None:
    """None with fewer than `MIN_TIMED` answers of either release.

    Args:
        looks: when the step began, and when each look at it was taken, the newest last.
        ratio, floor_ms: by how much, or by how many milliseconds, a p95 over the live one is allowed.
    """
    if min(len(live.at), len(canary.at)) < MIN_TIMED:
        return None
    usual = _usual_p95(live)
    bar = max(usual * ratio, usual + floor_ms)
    edges = np.interp(np.arange((len(looks) - 1) * BLOCKS_PER_LOOK + 1) / BLOCKS_PER_LOOK, np.arange(len(looks)), looks)
    blocks = [_block_of(each.at, edges) for each in (live, canary)]
    there, newest = np.unique(blocks[1]), len(edges) - 1 - BLOCKS_PER_LOOK
    # Where the live slot is slow itself, in the same seconds, a slow canary says nothing.
    told = there[[_share(live, blocks[0] == each, bar) <= MAX_LIVE_SHARE for each in there]]
    n_calm = max(0, min(len(told) // 3, len(told) - LONGEST_BURST))
    shares = np.array([_share(canary, blocks[1] == each, bar) for each in told])
    calm = told[np.argsort(shares, kind="stable")[:n_calm]]

    def p_value(chosen: NDArray[np.int64]) -> float:
        return _p_value(canary, np.isin(blocks[1], chosen), bar)

    return Slowness(
        live_p95=float(np.quantile(live.milliseconds, 0.95)),
        canary_p95=float(np.quantile(canary.milliseconds, 0.95)),
        bar=bar,
        calm=p_value(calm),
        whole=p_value(told),
        newest=p_value(told[told >= newest]),
        settled=n_calm > 0,
    )


def _usual_p95(live: TimedAnswers) -> float:
    """The middle one of four stretches of time, as far as these hold enough: a burst on the live slot is no licence."""
    edges = np.linspace(live.at.min(), live.at.max(), 5)
    stretch = _block_of(live.at, edges)
    p95 = [
        float(np.quantile(live.milliseconds[stretch == each], 0.95))
        for each in range(4)
        if np.count_nonzero(stretch == each) >= MIN_TIMED
    ]
    return float(np.median(p95)) if p95 else float(np.quantile(live.milliseconds, 0.95))


def _block_of(at: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which block each time is in, from 0; -1 outside."""
    block = np.searchsorted(edges, at, side="right") - 1
    last = len(edges) - 2
    block = np.where(at == edges[-1], last, block)
    return np.where((block < 0) | (block > last), -1, block)


def _share(answers: TimedAnswers, chosen: NDArray[np.bool_], bar: float) -> float:
    """Of these answers that take longer than `bar`; 0 without any."""
    return float((answers.milliseconds[chosen] > bar).mean()) if chosen.any() else 0.0


def _p_value(canary: TimedAnswers, chosen: NDArray[np.bool_], bar: float) -> float:
    """Of no more than `SLOW_SHARE` of these answers being slow, with the user as unit."""
    n = int(np.count_nonzero(chosen))
    if n < MIN_CALM:
        return 1.0
    slow = canary.milliseconds[chosen] > bar
    over, of = (np.bincount(canary.users[chosen], weights=each) for each in (slow, np.ones(n)))
    over, of = over[of > 0], of[of > 0]
    share = float(over.sum() / n)
    residual = (over - share * of) / of.mean()
    variance = max(float(np.mean(residual**2) / len(residual)), SLOW_SHARE * (1 - SLOW_SHARE) / n)
    # With few answers no normal holds in the tail, and the exact one knows nothing of users: both have to agree.
    exact = float(bdtrc(over.sum() - 1, n, SLOW_SHARE)) if over.sum() else 1.0
    return max(float(ndtr((SLOW_SHARE - share) / math.sqrt(variance))), exact)
