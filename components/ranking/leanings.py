"""How often an item is met in one way rather than another, such as in the evening, before a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.ranking.item_log import ItemLog
from components.recommenders.protocol import Events, Rows

PRIOR = 10.0
"""So many interactions as everybody's are added to an item's own."""

Numbers = NDArray[np.float64]


class Leanings:
    """The events of each item by way and time; an answer costs two binary searches an item.

    Args:
        ways: in which way each of `events` came about, from 0, -1 where unknown.
    """

    def __init__(self, events: Events, log: ItemLog, ways: NDArray[np.integer], n_ways: int) -> None:
        self._log, self._n_ways = log, n_ways
        known = np.flatnonzero(ways >= 0)
        seconds = events.seconds[known] if log.dated else np.zeros(len(known), np.int64)
        moments = seconds - log.start
        cells = events.items[known].astype(np.int64) * n_ways + ways[known]
        self._keys = np.sort(cells * log.span + moments)
        self._everybodys = np.sort(ways[known].astype(np.int64) * log.span + moments)
        self._usual = np.searchsorted(self._everybodys, np.arange(n_ways) * log.span)

    def of(self, items: Rows, way: int, now: float) -> Numbers:
        """Log ratio of an item's share of `way`, among what is known of it before `now`, to everybody's share."""
        moment, ways = self._log.clipped(now), np.arange(self._n_ways)
        usual = np.searchsorted(self._everybodys, ways * self._log.span + moment) - self._usual
        share = (usual[way] + 1) / (usual.sum() + self._n_ways)
        base = (items.astype(np.int64)[:, None] * self._n_ways + ways) * self._log.span
        counts = np.searchsorted(self._keys, base + moment) - np.searchsorted(self._keys, base)
        leaning: Numbers = np.log((counts[:, way] + PRIOR * share) / ((counts.sum(axis=1) + PRIOR) * share))
        return leaning
