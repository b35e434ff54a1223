"""What is known of users as a few values each: their attributes, where enough users share them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.interactions.columns import USER

MOST_TRAITS, MOST_VALUES, LEAST_USERS, LEAST_SHARE = 8, 32, 5, 0.01
"""Of a user; of a trait; users who share a value, and the share of all users who do."""
BANDS = 6
"""Into so many parts with equally many users a number is cut that has more values than `MOST_VALUES`."""
KNOWN = 0.5
"""Share of the users of whom a trait must be known."""


def traits_of(users: pd.DataFrame) -> dict[str, NDArray[np.int8]]:
    """Of each attribute of `users` which value each has, int8, (n_users,), -1 where it is unknown or rare.

    An attribute that says the same of everybody, or nothing of most, is left out; the first `MOST_TRAITS` by name stay.
    """
    found: dict[str, NDArray[np.int8]] = {}
    for name in sorted(set(users.columns) - {USER}):
        codes = _codes(users[name])
        if len(np.unique(codes[codes >= 0])) > 1 and (codes >= 0).mean() >= KNOWN:
            found[name] = codes
    return dict(list(found.items())[:MOST_TRAITS])


def _codes(column: pd.Series) -> NDArray[np.int8]:
    texts = column.where(column.notna(), "").astype(str).str.strip()
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    known = texts.to_numpy(object) != ""
    if np.isfinite(numbers[known]).all() and len(np.unique(numbers[known])) > MOST_VALUES:
        edges = np.unique(np.quantile(numbers[known], np.arange(1, BANDS) / BANDS))
        return np.where(known, np.searchsorted(edges, numbers, side="right"), -1).astype(np.int8)
    counts = texts[known].value_counts()
    least = max(LEAST_USERS, LEAST_SHARE * len(texts))
    values = sorted(counts.index[counts >= least])[:MOST_VALUES]
    return np.asarray(pd.Index(values, dtype=object).get_indexer(pd.Index(texts, dtype=object)), np.int8)
