"""Fits factors on a drawn log of a large shop: few items take most, users have a few niches, items cluster in them.

Factors of random numbers are the worst case of every index, as nothing about them is near anything else; these have the
lengths and the neighbourhoods that training gives. Run it with `python -m benchmarks.large_factors FILE [--million]`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.factors import FittedFactors
from components.recommenders.ials import IalsConfig
from components.recommenders.protocol import TrainingData

NICHES_PER_AREA, ITEMS_PER_NICHE = 25, 100
OWN, NEAR = 0.6, 0.25
"""Shares of a user's interactions with their own niches, and with the areas around those; the rest is anywhere."""
POWER, OFFSET = 1.2, 30.0
"""The item of rank r weighs (r + offset) ** -power."""
ACTIVITY_SPREAD = 1.0
WIDTH = 64
CONFIG = IalsConfig(dimensions=WIDTH, iterations=6, regularisation=5.0, alpha=10.0)
SIZES = {200_000: (100_000, 5_000_000), 1_000_000: (250_000, 15_000_000)}
"""Users and interactions by number of items."""


def draw_log(n_items: int, n_users: int, n: int, seed: int = 0) -> csr_array:
    """Who met what, float32 ones, (n_users, n_items); about `n` of them."""
    rng = np.random.default_rng(seed)
    niche = rng.permutation(n_items) % max(n_items // ITEMS_PER_NICHE, 1)
    n_niches = int(niche.max()) + 1
    weights = (rng.permutation(n_items) + OFFSET) ** -POWER
    activity = rng.lognormal(0, ACTIVITY_SPREAD, n_users)
    users = np.repeat(np.arange(n_users, dtype=np.int32), rng.multinomial(n, activity / activity.sum()))
    tastes = rng.integers(0, n_niches, (n_users, 4)) * (rng.random((n_users, 4)) < [1, 0.7, 0.4, 0.2])
    which = tastes[users, rng.integers(0, 4, len(users))]
    which = np.where(which > 0, which, tastes[users, 0])
    kind = rng.random(len(users))
    area = which // NICHES_PER_AREA * NICHES_PER_AREA + rng.integers(0, NICHES_PER_AREA, len(users))
    which = np.where(kind < OWN, which, np.minimum(area, n_niches - 1))
    order = np.argsort(niche, kind="stable")
    bounds = np.searchsorted(niche[order], np.arange(n_niches + 1))
    total = np.concatenate([[0], np.cumsum(weights[order])])
    low, high = total[bounds[which]], total[bounds[which + 1]]
    anywhere = kind >= OWN + NEAR
    low, high = np.where(anywhere, 0, low), np.where(anywhere, total[-1], high)
    places = np.searchsorted(total, low + rng.random(len(users)) * (high - low), side="right") - 1
    items = order[np.minimum(places, n_items - 1)]
    matrix = csr_array((np.ones(len(users), np.float32), (users, items)), (n_users, n_items))
    matrix.data[:] = 1
    return matrix


def fitted(n_items: int) -> FittedFactors:
    """iALS on such a log."""
    n_users, n = SIZES[n_items]
    return CONFIG.build().fit(log_data(draw_log(n_items, n_users, n)), 42)


def log_data(seen: csr_array) -> TrainingData:
    """A log without anything else that is known of users and items."""
    n_users, n_items = seen.shape
    ids = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    return TrainingData(*ids, seen, seen, ((),) * n_items)


def main() -> None:
    """Fits and saves."""
    start = time.perf_counter()
    model = fitted(1_000_000 if "--million" in sys.argv else 200_000)
    np.savez(Path(sys.argv[1]), users=model.user_factors[:5_000], items=model.item_factors)
    print(f"{model.n_items:,} items in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
