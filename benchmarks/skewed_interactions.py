"""Draws interactions as shops and film sites have them: few items take most, few users give most, tastes differ.

Sizes follow MovieLens: a million interactions come from about 7,000 users and 3,700 items, ten million from 70,000 and
11,700.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

INTERACTIONS_PER_USER = 143
ITEMS_PER_ROOT = 3.7
"""Items per square root of the number of interactions."""
TASTES = 20
OWN_TASTE = 0.6
"""Share of interactions with items of the user's own taste."""
ZIPF_POWER, ZIPF_OFFSET = 1.7, 100.0
"""The item of rank r weighs (r + offset) ** -power: Zipf and Mandelbrot's law. Its flat head is what distinct pairs
force anyway."""
ACTIVITY_SPREAD = 1.1
"""Standard deviation of the log of a user's activity; the busiest hundredth then gives a tenth."""
SPARE = 2.0
"""Pairs drawn per pair kept at first, as those drawn twice are dropped."""


def draw_pairs(n: int, seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int32], tuple[int, int]]:
    """`n` distinct (user row, item row) pairs in random order, and (n_users, n_items).

    The popularity of an item does not follow from its row number.
    """
    rng = np.random.default_rng(seed)
    n_users, n_items = max(n // INTERACTIONS_PER_USER, 2), max(int(ITEMS_PER_ROOT * n**0.5), TASTES)
    activity = rng.lognormal(0, ACTIVITY_SPREAD, n_users)
    tastes, names = rng.integers(0, TASTES, n_users), rng.permutation(n_items)
    cells, spare = np.empty(0, np.int64), SPARE
    while len(cells) < n:
        drawn = rng.multinomial(int(n * spare), activity / activity.sum())
        users = np.repeat(np.arange(n_users), drawn)
        # Items whose rank leaves the same remainder share a taste, so that every taste has popular and rare ones.
        ranks = _zipf_ranks(rng.random(len(users)), n_items)
        own = rng.random(len(users)) < OWN_TASTE
        ranks = np.where(own, ranks - ranks % TASTES + tastes[users], ranks)
        cells = np.unique(users * n_items + names[np.minimum(ranks, n_items - 1)])
        spare *= 2
    cells = rng.permutation(cells)[:n]
    return (cells // n_items).astype(np.int32), (cells % n_items).astype(np.int32), (n_users, n_items)


def _zipf_ranks(uniform: NDArray[np.float64], n_items: int) -> NDArray[np.int64]:
    """Ranks from 0 by the inverse of the law's distribution."""
    power = 1 - ZIPF_POWER
    low, high = ZIPF_OFFSET**power, (n_items + ZIPF_OFFSET) ** power
    return ((low + uniform * (high - low)) ** (1 / power) - ZIPF_OFFSET).astype(np.int64)


def draw_matrices(n: int, seed: int = 0, test_share: float = 0.2) -> tuple[csr_array, csr_array]:
    """`n` interactions as ones, cut at random into train and test, each (n_users, n_items) float32."""
    users, items, shape = draw_pairs(n, seed)
    n_test = int(n * test_share)
    parts = (slice(n_test, None), slice(n_test))
    train, test = (csr_array((np.ones(len(users[at]), np.float32), (users[at], items[at])), shape) for at in parts)
    return train, test


def draw_table(n: int, seed: int = 0) -> pd.DataFrame:
    """`n` interactions as a source gives them: user_id and item_id as text, value from .5 to 5, timestamp in seconds.

    A user is there for some weeks within ten years, so that their interactions come in a burst.
    """
    users, items, (n_users, _) = draw_pairs(n, seed)
    rng = np.random.default_rng(seed + 1)
    start = rng.uniform(1.2e9, 1.5e9, n_users)[users]
    return pd.DataFrame(
        {
            "user_id": users.astype(str).astype(object),
            "item_id": items.astype(str).astype(object),
            "value": np.clip(np.round(rng.normal(3.6, 1.0, n) * 2) / 2, 0.5, 5.0),
            "timestamp": (start + rng.exponential(14 * 86_400, n)).astype(np.int64),
        }
    )
