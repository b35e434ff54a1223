"""Repeats adaptive allocation over variants whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.experiments.adaptive import Arms, name_winner, next_shares


@dataclass(frozen=True)
class Ended:
    """`named` is None when nothing was named within the users there were; `lost` rewards beside the best variant."""

    named: int | None
    users: int
    lost: float


def run_adaptive(
    rng: np.random.Generator,
    rates: tuple[float, ...],
    users_per_look: int,
    most_users: int,
    error: float,
    uniform: bool = False,
) -> Ended:
    """Users come, are shared out, and are looked at, until a winner is named or nobody is left."""
    truth = np.array(rates)
    users, rewarded = np.zeros(len(rates), np.int64), np.zeros(len(rates), np.int64)
    named = None
    while named is None and users.sum() < most_users:
        arms = Arms(users, rewarded)
        shares = np.full(len(rates), 1 / len(rates)) if uniform else next_shares(arms, rng)
        came = rng.multinomial(users_per_look, shares)
        users, rewarded = users + came, rewarded + rng.binomial(came, truth)
        found = name_winner(Arms(users, rewarded), error)
        named = None if found is None else found.variant
    return Ended(named, int(users.sum()), float(((truth.max() - truth) * users).sum()))
