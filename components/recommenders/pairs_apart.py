"""Sums over all pairs of one user's interactions so many places apart, by the items of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import Events

Places = NDArray[np.intp]
DENSE_CELLS, MOST_CELLS = 50_000_000, 500_000_000
"""Of a float32 table, 200 MB and 2 GB, up to which sums are kept in one; the latter where there are as many pairs."""
HELD = 8_000_000
"""Pairs that are gathered before they are added to a sparse sum."""


def sum_pairs(
    events: Events,
    n_items: int,
    places: range,
    weigh: Callable[[int, Places, Places], NDArray[np.floating]],
) -> csr_array:
    """What `weigh(n_places, earlier, later)` gives for each such pair of events, summed, (n_items, n_items) float32.

    Pairs that weigh 0 leave no entry. Time grows with the number of pairs, memory with that of different ones.
    """
    many = min(max(DENSE_CELLS, len(places) * len(events)), MOST_CELLS)
    total: _Dense | _Sparse = _Dense(n_items) if n_items**2 <= many else _Sparse(n_items)
    for n_places in places:
        earlier = _pairs(events, n_places)
        if not len(earlier):
            break
        later = earlier + n_places
        weights = np.asarray(weigh(n_places, earlier, later), np.float32)
        if not weights.all():
            some = np.flatnonzero(weights)
            earlier, later, weights = earlier[some], later[some], weights[some]
        total.add(events.items[earlier], events.items[later], weights)
    return total.matrix()


def _pairs(events: Events, n_places: int) -> Places:
    if not n_places:
        return np.arange(len(events))
    return np.flatnonzero(events.users[:-n_places] == events.users[n_places:])


class _Dense:
    """Sums in a table of all pairs of items."""

    def __init__(self, n_items: int) -> None:
        self._table = np.zeros((n_items, n_items), np.float32)

    def add(self, rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        cells = rows.astype(np.intp) * self._table.shape[1] + columns
        np.add.at(self._table.reshape(-1), cells, values)

    def matrix(self) -> csr_array:
        n_items = len(self._table)
        offsets, columns, values = np.zeros(n_items + 1, np.int32), [], []
        for place, row in enumerate(self._table):
            there = np.flatnonzero(row).astype(np.int32)
            offsets[place + 1] = offsets[place] + len(there)
            columns.append(there)
            values.append(row[there])
        return csr_array((np.concatenate(values), np.concatenate(columns), offsets), shape=self._table.shape)


class _Sparse:
    """Sums of the pairs that there are; what is gathered is added when it is half as much as there is."""

    def __init__(self, n_items: int) -> None:
        self._shape = (n_items, n_items)
        self._sum: Any = csr_array(self._shape, dtype=np.float32)
        self._parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]] = []
        self._held = 0

    def add(self, rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        self._parts.append((rows, columns, values))
        self._held += len(rows)
        if self._held > max(HELD, self._sum.nnz // 2):
            self._settle()

    def matrix(self) -> csr_array:
        self._settle()
        found: csr_array = self._sum
        return found

    def _settle(self) -> None:
        if self._parts:
            rows, columns, values = (np.concatenate(column) for column in zip(*self._parts, strict=True))
            self._parts, self._held = [], 0
            more = csr_array((values, (rows, columns)), shape=self._shape)
            self._sum = csr_array(self._sum + more)
