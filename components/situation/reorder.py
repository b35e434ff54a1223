"""Moves what suits a situation up in a ranking, and says of what has come up why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.protocol import Ranking
from components.situation.lifts import Lifts
from components.situation.moment import Moment

STEADY = 10
"""A lift of 2 halves the place of an item, counted from this many places before the first."""
TOLD = 0.05
"""The logarithm of a lift from which on it is spoken of."""


@dataclass(frozen=True)
class Reordered:
    """A ranking in another order, and per item row that has come up what is chosen more often in the situation."""

    ranking: Ranking
    because: Mapping[int, str]


def cell_of(moment: Moment, lifts: Lifts | None) -> str | None:
    """The most particular cell of `moment` of which anything is known; None where nothing is."""
    return None if lifts is None else next((cell for cell in moment.cells() if cell in lifts.cells), None)


def reordered(ranking: Ranking, cell: str, lifts: Lifts, item_labels: csr_array, strength: float) -> Reordered:
    """`ranking` by its places, each counting the more the more often its item's labels are chosen in `cell`.

    Places keep their scores. Items without a label stay as they are but for what passes them.
    """
    table = np.array(lifts.cells[cell])
    n_items = len(ranking.items)
    rows: csr_array = item_labels[ranking.items]
    has = rows.astype(bool).astype(np.float64)
    per_row = np.maximum(np.diff(has.indptr), 1)
    lift = np.asarray(has @ table) / per_row
    order = np.argsort(-np.exp(strength * lift) / (STEADY + np.arange(n_items)), kind="stable")
    place = np.empty(n_items, np.int64)
    place[order] = np.arange(n_items)
    because: dict[int, str] = {}
    for at in np.flatnonzero((place < np.arange(n_items)) & (lift > 0)).tolist():
        mine = has.indices[has.indptr[at] : has.indptr[at + 1]]
        best = mine[int(np.argmax(table[mine]))]
        if table[best] >= TOLD:
            because[int(ranking.items[at])] = f"{lifts.labels[best]} is often chosen {_when(cell)}"
    return Reordered(Ranking(ranking.items[order], ranking.scores), because)


def _when(cell: str) -> str:
    """The cell in words: "on weekend evenings", "at night", "on weekdays"."""
    if cell == "night":
        return "at night"
    return f"on {cell}s" if cell.startswith("week") else f"in the {cell}"
