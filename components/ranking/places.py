"""A table of the catalogue that says where among a few items each of them is, kept so that nobody makes it anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Rows


class PlaceTables(threading.local):
    """One table for each thread that asks, so that histories may be ranked side by side.

    Args:
        n_items: of the catalogue.
    """

    def __init__(self, n_items: int) -> None:
        self._table = np.zeros(n_items, np.int32)
        self._there = np.zeros(n_items, np.bool_)

    @contextmanager
    def of(self, items: Rows) -> Iterator[Places]:
        """Where each item of the catalogue is among `items`; good within the block."""
        self._table[items] = np.arange(len(items), dtype=np.int32)
        self._there[items] = True
        try:
            yield Places(self._table, self._there)
        finally:
            self._there[items] = False


class Places:
    """What `PlaceTables` says of some items."""

    def __init__(self, table: Rows, there: NDArray[np.bool_]) -> None:
        self._table = table
        self._there = there

    def among(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.intp], Rows]:
        """Which of these item rows, mostly of other items, are there, and the place of each of those."""
        rows = rows.astype(np.intp, copy=False)  # NumPy takes several times as long to look up by narrow rows
        hits = np.flatnonzero(self._there[rows])
        return hits, self._table[rows[hits]]
