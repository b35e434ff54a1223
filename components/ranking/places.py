"""A table of the catalogue that says where among a few items each of them is, kept so that nobody makes it anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from components.recommenders.protocol import Rows


class PlaceTables(threading.local):
    """One table for each thread that asks, so that histories may be ranked side by side.

    Args:
        n_items: of the catalogue.
    """

    def __init__(self, n_items: int) -> None:
        self._table = np.full(n_items, -1, np.int32)

    @contextmanager
    def of(self, items: Rows) -> Iterator[Rows]:
        """By item row its place among `items`, -1 for one that is not there, (n_items,); good within the block."""
        self._table[items] = np.arange(len(items), dtype=np.int32)
        try:
            yield self._table
        finally:
            self._table[items] = -1
