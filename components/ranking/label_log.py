"""The labels of items as numbers to reckon with: who shares what, and what everybody met by label at any moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.recommenders.csr_rows import CsrRows
from components.recommenders.protocol import Events

MOST_LABELS = 1000
"""The most frequent ones; what fewer items have says little, and every answer looks at all of them."""

Numbers = NDArray[np.float64]


class LabelLog:
    """Of the items with at least one of the `MOST_LABELS` most frequent labels.

    Attributes:
        n_labels: how many labels are looked at.
    """

    def __init__(self, item_labels: Sequence[Sequence[str]], events: Events, start: int, span: int) -> None:
        counts = Counter(label for row in item_labels for label in row)
        names = sorted(counts, key=lambda label: (-counts[label], label))[:MOST_LABELS]
        column_of = {label: column for column, label in enumerate(names)}
        rows = [[column_of[label] for label in row if label in column_of] for row in item_labels]
        self.n_labels = len(names)
        sizes = np.array([len(row) for row in rows], np.int64)
        self._rows = CsrRows(
            np.cumsum([0, *sizes]),
            np.array([column for row in rows for column in row], np.int64),
            np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes),
        )
        self._start, self._span = start, span
        sizes, columns, _ = self._rows.laid_out(events.items)
        moments = np.repeat(events.seconds - start if events.dated else np.zeros(len(events), np.int64), sizes)
        self._keys = np.sort(columns * span + moments)
        self._firsts = np.searchsorted(self._keys, np.arange(self.n_labels) * span)
        self._usual = -1, np.zeros(self.n_labels)

    def usual(self, moment: int) -> Numbers:
        """What everybody met by label before a moment of the item log, (n_labels,)."""
        asked, counts = self._usual  # most ask as of the last interaction
        if asked != moment:
            stops = np.searchsorted(self._keys, np.arange(self.n_labels) * self._span + moment)
            counts = (stops - self._firsts).astype(np.float64)
            self._usual = moment, counts
        return counts

    def counted(self, items: NDArray[np.integer], weights: Numbers | None = None, *, scaled: bool = False) -> Numbers:
        """How often the items have each label, (n_labels,); `scaled` gives every item's labels a length of 1."""
        sizes, columns, lengths = self._rows.laid_out(items)
        each = lengths if scaled else None
        if weights is not None:
            own = np.repeat(weights, sizes)
            each = own if each is None else each * own
        return np.asarray(np.bincount(columns, each, self.n_labels), np.float64)

    def sums(self, items: NDArray[np.integer], tables: Numbers) -> tuple[Numbers, Numbers]:
        """Of each item the sum of its labels' rows of `tables`, (n_labels, width), and how many labels that were."""
        sizes, columns, _ = self._rows.laid_out(items)
        width, owners = tables.shape[1], np.repeat(np.arange(len(items)), sizes)
        cells = (owners[:, None] * width + np.arange(width)).ravel()
        total = np.asarray(np.bincount(cells, tables[columns].ravel(), len(items) * width), np.float64)
        return total.reshape(len(items), width), np.maximum(sizes, 1).astype(np.float64)
