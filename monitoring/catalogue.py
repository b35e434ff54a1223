"""What the live bundle knows of users and items, looked up by the ids of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.quality.log import Names
from components.quality.roll_up import Facts
from components.serving.bundle import Bundle

Values = NDArray[np.float64]


@dataclass(frozen=True)
class WatchedCatalogue:
    """One entry per item row in every array; empty where nothing is live.

    Attributes:
        row_of: row by external id.
        category: code of the category, -1 for none.
        users_knowing: training users who know the item.
        price: NaN where there is none.
        direction: the item's place along the direction in which the model's item vectors differ most; NaN without.
        history: number of interactions that training knows, by user.
    """

    row_of: dict[str, int] = field(default_factory=dict)
    category: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    categories: tuple[str, ...] = ()
    users_knowing: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    price: Values = field(default_factory=lambda: np.zeros(0))
    direction: Values = field(default_factory=lambda: np.zeros(0))
    n_users: int = 0
    history: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row_of)

    def rows(self, item_ids: Sequence[str]) -> NDArray[np.int64]:
        """The row of each item, -1 for a stranger."""
        return np.array([self.row_of.get(item_id, -1) for item_id in item_ids], np.int64)

    def facts(self, names: Names, last_shown: dict[str, float]) -> Facts:
        """The facts by the codes of a log; `last_shown` holds seconds since 1970 by item id."""
        items = list(names.items)
        rows = self.rows(items)
        known = rows >= 0
        bits = np.full(len(items), np.nan)
        if self.n_users:
            bits[known] = -np.log2(np.maximum(self.users_knowing[rows[known]], 1) / self.n_users)
        category = np.full(len(items), -1, np.int32)
        category[known] = self.category[rows[known]]
        return Facts(
            user_hash=stable_hashes(list(names.users)),
            item_hash=stable_hashes(items),
            category=category,
            bits=bits,
            last_shown=np.array([last_shown.get(item_id, np.nan) for item_id in items], np.float64),
        )


def stable_hashes(ids: Sequence[str]) -> NDArray[np.uint64]:
    """The same number for an id in every process, (n,)."""
    if not ids:
        return np.zeros(0, np.uint64)
    return np.asarray(pd.util.hash_array(np.array(ids, object), categorize=False), np.uint64)


def catalogue_of(bundle: Bundle) -> WatchedCatalogue:
    """What a bundle knows."""
    items = bundle.items
    names = tuple(sorted({category for category in items.categories if category}))
    code_of = {name: code for code, name in enumerate(names)}
    per_user = np.diff(bundle.history.indptr)
    return WatchedCatalogue(
        row_of=dict(items.row_of),
        category=np.array([code_of.get(category, -1) for category in items.categories], np.int32),
        categories=names,
        users_knowing=np.bincount(bundle.history.indices, minlength=len(items)).astype(np.int64),
        price=np.array([np.nan if price is None else price for price in items.prices], np.float64),
        direction=_main_direction(bundle),
        n_users=len(bundle.user_ids),
        history=dict(zip(bundle.user_ids, per_user.tolist(), strict=True)),
    )


def _main_direction(bundle: Bundle) -> Values:
    """Along the first principal component of the content vectors' or factors' items, standardised."""
    primary = bundle.primary
    factors = getattr(getattr(primary, "factors", primary), "item_factors", None)
    if factors is None or not len(factors):
        return np.full(len(bundle.items), np.nan)
    centred = np.asarray(factors, np.float64) - factors.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    along: Values = centred @ vectors[:, -1]
    return along / (along.std() or 1.0)
