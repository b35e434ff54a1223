"""The labels of items as numbers to reckon with: who shares what, and what everybody met by label at any moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
        self._offsets = np.cumsum([0, *map(len, rows)])
        self._columns = np.array([column for row in rows for column in row], np.int64)
        self._sizes = np.diff(self._offsets)
        self._start, self._span = start, span
        _, columns, owners = self._gather(events.items)
        moments = (events.seconds[owners] - start) if events.dated else np.zeros(len(owners), np.int64)
        self._keys = np.sort(columns * span + moments)
        self._firsts = np.searchsorted(self._keys, np.arange(self.n_labels) * span)

    def usual(self, moment: int) -> Numbers:
        """What everybody met by label before a moment of the item log, (n_labels,)."""
        stops = np.searchsorted(self._keys, np.arange(self.n_labels) * self._span + moment)
        counts: Numbers = (stops - self._firsts).astype(np.float64)
        return counts

    def counted(self, items: NDArray[np.integer], weights: Numbers | None = None, *, scaled: bool = False) -> Numbers:
        """How often the items have each label, (n_labels,); `scaled` gives every item's labels a length of 1."""
        sizes, columns, owners = self._gather(items)
        each = np.ones(len(columns)) if weights is None else weights[owners]
        if scaled:
            each = each / np.sqrt(sizes)[owners]
        return np.asarray(np.bincount(columns, each, self.n_labels), np.float64)

    def sums(self, items: NDArray[np.integer], tables: Numbers) -> tuple[Numbers, Numbers]:
        """Of each item the sum of its labels' rows of `tables`, (n_labels, width), and how many labels that were."""
        sizes, columns, owners = self._gather(items)
        width = tables.shape[1]
        cells = (owners[:, None] * width + np.arange(width)).ravel()
        total = np.asarray(np.bincount(cells, tables[columns].ravel(), len(items) * width), np.float64)
        return total.reshape(len(items), width), np.maximum(sizes, 1).astype(np.float64)

    def _gather(self, items: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        sizes = self._sizes[items]
        owners = np.repeat(np.arange(len(items)), sizes)
        before = np.cumsum(sizes) - sizes
        places = np.arange(len(owners)) + np.repeat(self._offsets[items] - before, sizes)
        return sizes, self._columns[places], owners
