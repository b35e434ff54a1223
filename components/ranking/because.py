"""Which interaction of the user did most for each item of a list, and how: by taste, or by what follows what."""

from __future__ import annotations

import numpy as np

from components.ranking.candidates import Found
from components.ranking.places import PlaceTables
from components.recommenders.history import History
from components.recommenders.protocol import Rows

NO_REASON = -1
ONWARD = ("session", "next_items")
"""Kinds of generators that say what people turn to next."""
PREVAILS = 2.0
"""What follows an item is the reason where it adds so many times what likeness adds, of which there is more to say."""


class Because:
    """Adds up what each item of a history says for each item of a list, over all item-to-item generators.

    A generator's scores are sums over the history's items, and are standardised before they meet those of others, so
    parts can be added: what is added is the item's own part of the mean score.
    """

    def __init__(self, n_items: int) -> None:
        self._places = PlaceTables(n_items)

    def of(self, history: History, found: Found, items: Rows) -> Rows:
        """Per item `code(row, onward)` of the item of the history that added most; `NO_REASON` where none added."""
        met, n = history.met, len(items)
        if not n or not found.asked:
            return np.full(n, NO_REASON, np.int32)
        taste, onward = np.zeros(len(met) * n), np.zeros(len(met) * n)
        with self._places.of(items) as place_of:
            for name, (asked, scale) in found.asked.items():
                hits, places = place_of.among(asked.columns)
                owners = np.searchsorted(np.cumsum(asked.sizes), hits, side="right")
                cells = np.searchsorted(met, asked.rows)[owners] * n + places
                added = np.bincount(cells, asked.values[hits] * asked.weights[owners] * scale, len(met) * n)
                total = onward if name.rsplit(" ", 1)[0] in ONWARD else taste
                total += added
        both = (taste + onward).reshape(len(met), n)
        best = both.argmax(axis=0)
        cell = best * n + np.arange(n)
        codes = met[best].astype(np.int64) * 2 + (onward[cell] > PREVAILS * taste[cell])
        return np.where(both.ravel()[cell] > 0, codes, NO_REASON).astype(np.int32)


def read_code(code: int) -> tuple[int, bool] | None:
    """The row of the item, and whether it is rather what follows it than what is like it; None for `NO_REASON`."""
    return None if code < 0 else (code // 2, bool(code % 2))
