"""Sends more users to what looks best among several variants, and stops once the best is known well enough.

Top-two Thompson sampling (Russo, "Simple Bayesian Algorithms for Best-Arm Identification", Operations Research 2020):
the leader gets half, its likeliest rival most of the rest, so users go where they still tell something. It stops by the
generalised likelihood ratio of leader and rival at the threshold of Garivier and Kaufmann's experiments (COLT 2016),
looking as often as one likes; that a wrong one is then named no more often than is said is not proven for this
threshold, and measured by benchmarks/adaptive_experiments.py. The unit is the user: a reward is whether they did it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEADER_SHARE = 0.5
DRAWS = 4_000
LEAST_SHARE = 0.02
"""Of the users for each variant, so that none is ever given up and a figure can still be read."""


@dataclass(frozen=True)
class Arms:
    """Users so far and those of them with a reward, by variant; both (n_variants,)."""

    users: NDArray[np.integer]
    rewarded: NDArray[np.integer]

    def __post_init__(self) -> None:
        if len(self.users) < 2 or len(self.users) != len(self.rewarded):
            raise ValueError(f"two variants or more, each with both counts: {len(self.users)}, {len(self.rewarded)}")
        if (self.rewarded < 0).any() or (self.rewarded > self.users).any():
            raise ValueError("rewarded users are some of the users")


@dataclass(frozen=True)
class Named:
    """The best variant, wrong with probability at most `error`; `statistic` passed `threshold`."""

    variant: int
    statistic: float
    threshold: float


def next_shares(arms: Arms, rng: np.random.Generator) -> NDArray[np.float64]:
    """Shares of the next users by variant, (n_variants,), each at least `LEAST_SHARE`; uniform before any user."""
    draws = rng.beta(1 + arms.rewarded, 1 + arms.users - arms.rewarded, (DRAWS, len(arms.users)))
    best = np.bincount(draws.argmax(axis=1), minlength=len(arms.users)) / DRAWS
    # What Russo's rule comes to when the second is drawn until it differs from the first.
    certain = np.minimum(best, 1 - 1 / DRAWS)
    odds = best / (1 - certain)
    shares = best * (LEADER_SHARE + (1 - LEADER_SHARE) * (odds.sum() - odds))
    if not shares.sum() > 0 or best.max() == 1:
        # Nobody else was ever best: the rival is the one that would be, going by the draws.
        rival = np.bincount(np.argsort(draws, axis=1)[:, -2], minlength=len(arms.users)) / DRAWS
        shares = LEADER_SHARE * best + (1 - LEADER_SHARE) * rival
    floored = np.maximum(shares / shares.sum(), LEAST_SHARE)
    return np.asarray(floored / floored.sum(), np.float64)


def name_winner(arms: Arms, error: float) -> Named | None:
    """The leader, once its likelihood beside that of every rival leaves a chance of at most `error`; else None."""
    if (arms.users == 0).any():
        return None
    rates = arms.rewarded / arms.users
    leader = int(rates.argmax())
    statistic = min(_separation(arms, leader, other) for other in range(len(rates)) if other != leader)
    total = int(arms.users.sum())
    threshold = math.log((len(rates) - 1) * (1 + math.log(total)) / error)
    return Named(leader, statistic, threshold) if statistic > threshold else None


def _separation(arms: Arms, leader: int, other: int) -> float:
    """How much likelier two rates are than one, in logarithms; 0 when they are equal."""
    users, rewarded = arms.users[[leader, other]], arms.rewarded[[leader, other]]
    together = rewarded.sum() / users.sum()
    apart = rewarded / users
    return float(sum(n * _divergence(rate, together) for n, rate in zip(users, apart, strict=True)))


def _divergence(one: float, other: float) -> float:
    """Of Kullback and Leibler, between two chances."""
    first = one * math.log(one / other) if one > 0 else 0.0
    return first + ((1 - one) * math.log((1 - one) / (1 - other)) if one < 1 else 0.0)
