"""What training takes, stated before it starts: memory, and a rough time by which cheap models come first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

FLOPS = 1e10
"""Operations a second of dense algebra on one core."""
STEPS = 2e7
"""Sparse steps a second on one core."""
BYTES = 2.3 * 4
"""Of a cell of a dense float32 matrix that is inverted."""
PAIR_BYTES = 30
"""Of two different items that are met near each other."""
FEWEST_ITEMS = 500
"""That a dense inverse is made of, however little time there is."""


@dataclass(frozen=True)
class Size:
    """How much there is to learn from.

    Attributes:
        item_pairs, user_pairs: pairs of items of one user, and of users of one item, with those that come again.
    """

    users: int
    items: int
    interactions: int
    item_pairs: float
    user_pairs: float

    @classmethod
    def of(cls, seen: csr_array) -> Size:
        """Of what users met, (n_users, n_items)."""
        of_users = np.diff(seen.indptr).astype(np.float64)
        of_items = np.bincount(seen.indices, minlength=seen.shape[1]).astype(np.float64)
        return cls(*seen.shape, seen.nnz, float(of_users @ of_users), float(of_items @ of_items))


@dataclass(frozen=True)
class Needs:
    """MB beside the data, and seconds on one core, within a factor of a few."""

    megabytes: float
    seconds: float


def dense_inverse(width: int) -> Needs:
    """Of a dense symmetric float32 matrix: itself, its factor's block, and the rows that are taken from it."""
    return Needs(BYTES * width**2 / 1e6, width**3 / FLOPS)


def block_counts(pairs: float) -> Needs:
    """Of counts of `pairs`, of which a block is held at a time."""
    return Needs(20 * min(pairs, 2e7) / 1e6, pairs / STEPS)


def pair_counts(size: Size, places: int) -> Needs:
    """Of sums over pairs of a history at most so many places apart."""
    pairs = min(size.item_pairs / 2, size.interactions * float(places))
    return Needs(PAIR_BYTES * min(pairs, float(size.items) ** 2) / 1e6, 2 * pairs / STEPS)


def fewer_places(size: Size, places: int, seconds: float, megabytes: float) -> int:
    """How far apart the two of a pair may be so that their sums take about so much; `places` where they do."""
    needs = pair_counts(size, places)
    share = min(seconds / max(needs.seconds, 1e-9), megabytes / max(needs.megabytes, 1e-9))
    if share >= 1:
        return places
    reached = min(size.item_pairs / 2, size.interactions * float(places)) / max(size.interactions, 1)
    return max(1, min(places, int(share * reached)))


def fewer_items(needs: Needs, size: Size, max_items: int, seconds: float, megabytes: float) -> int:
    """How many items a dense inverse may hold so that it takes about so much; `max_items` where `needs` says so."""
    width = float("inf")
    if needs.seconds > seconds:
        width = (seconds * FLOPS) ** (1 / 3)
    if needs.megabytes > megabytes:
        width = min(width, (megabytes * 1e6 / (2 * BYTES)) ** 0.5)
    return max_items if width == float("inf") else min(max_items, size.items, max(FEWEST_ITEMS, int(width)))
