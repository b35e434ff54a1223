"""How popular, how liked and how old every item was at any moment, looked up instead of counted anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.recommenders.events import positions
from components.recommenders.protocol import Events

DAY = 86_400
WINDOWS = (7, 30, 90, 365, 1000)
"""Days."""
YEAR_DAYS = 365
VALUE_PRIOR, PLACE_PRIOR, YEAR_PLACE_PRIOR = 5, 2, 1
"""So many interactions as good as the mean of all are added to an item's own."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ItemsThen:
    """What was known of some items before a moment; all (n_items_asked,), `lately` and `lately_all` one per window.

    Attributes:
        known, liked: interactions, and relevant ones.
        lately: interactions in the last `WINDOWS` days; `lately_all` those of all items.
        known_all: interactions of all items.
        value: mean value, drawn towards the mean of all where there are few.
        place, place_of_year: where in a history the item is met, mean log(1 + place), and that in the last year.
        first, latest: when it was met first (ever) and last before the moment, infinite where never.
    """

    known: Numbers
    liked: Numbers
    lately: Numbers
    lately_all: Numbers
    known_all: float
    value: Numbers
    place: Numbers
    place_of_year: Numbers
    first: Numbers
    latest: Numbers

    def of(self, items: NDArray[np.integer]) -> ItemsThen:
        """The same of these alone, by their places among those that were asked."""
        items = items.astype(np.intp, copy=False)
        return ItemsThen(
            known=self.known[items],
            liked=self.liked[items],
            lately=self.lately[:, items],
            lately_all=self.lately_all,
            known_all=self.known_all,
            value=self.value[items],
            place=self.place[items],
            place_of_year=self.place_of_year[items],
            first=self.first[items],
            latest=self.latest[items],
        )


class ItemLog:
    """All interactions by item and time; an answer costs a few binary searches an item, whatever the catalogue.

    Most who ask do so as of the last interaction or later. What was known then is worked out once for all items.
    Where times are unknown, or say no more than an order, everything happened before any moment.
    """

    def __init__(self, events: Events, n_items: int) -> None:
        self.dated = events.dated
        seconds = events.seconds if self.dated else np.zeros(len(events), np.int64)
        self.start = int(seconds.min(initial=0)) if self.dated else 0
        self.end = int(seconds.max(initial=0))
        self.span = self.end - self.start + 2
        self._last = self.clipped(self.end)
        place = np.log1p(positions(events)[0])
        order = np.lexsort((seconds, events.items))
        items, moments = events.items[order].astype(np.int64), seconds[order] - self.start
        self._keys = items * self.span + moments
        self._offsets = np.searchsorted(items, np.arange(n_items + 1))
        self._seconds = seconds[order].astype(np.float64)
        self._liked, self._values, self._places = (
            _running(column[order]) for column in (events.liked, events.values, place)
        )
        by_time = np.argsort(seconds, kind="stable")
        self._moments = seconds[by_time] - self.start
        self._all_values, self._all_places = _running(events.values[by_time]), _running(place[by_time])
        self.first = np.full(n_items, np.inf)
        met = np.diff(self._offsets) > 0
        self.first[met] = self._seconds[self._offsets[:-1][met]]

    def clipped(self, now: float) -> int:
        """`now` as a moment that the log knows of: nothing is known after its last interaction."""
        return int(min(max(now, self.start), self.end)) - self.start if self.dated else 1

    def known(self, items: NDArray[np.integer], now: float) -> Numbers:
        """Interactions of each item before `now`."""
        moment = self.clipped(now)
        if moment == self._last:
            known: Numbers = self._in_the_end.known[items]
            return known
        stops = np.searchsorted(self._keys, items.astype(np.int64) * self.span + moment)
        return np.asarray(stops - self._offsets[items], np.float64)

    def then(self, items: NDArray[np.integer], now: float) -> ItemsThen:
        """Everything of some items before `now`, seconds since 1970."""
        moment = self.clipped(now)
        return self._in_the_end.of(items) if moment == self._last else self._before(items, moment)

    @cached_property
    def _in_the_end(self) -> ItemsThen:
        return self._before(np.arange(len(self.first)), self._last)

    def _before(self, items: NDArray[np.integer], moment: int) -> ItemsThen:
        base = items.astype(np.int64) * self.span
        since = np.maximum(moment - np.array(WINDOWS, np.int64) * DAY, 0)
        cuts = np.searchsorted(self._keys, base + np.concatenate([since, [moment]])[:, None])
        start, stop = self._offsets[items], cuts[-1]
        known = (stop - start).astype(np.float64)
        ends = np.searchsorted(self._moments, np.concatenate([since, [moment]]))
        year = WINDOWS.index(YEAR_DAYS)
        lately = (stop - cuts[:-1]).astype(np.float64)

        def mean(own: Numbers, everybodys: Numbers, began: NDArray[np.int64], all_began: int, prior: float) -> Numbers:
            usual = (everybodys[ends[-1]] - everybodys[all_began]) / max(ends[-1] - all_began, 1)
            means: Numbers = (own[stop] - own[began] + prior * usual) / (stop - began + prior)
            return means

        return ItemsThen(
            known=known,
            liked=self._liked[stop] - self._liked[start],
            lately=lately,
            lately_all=(ends[-1] - ends[:-1]).astype(np.float64),
            known_all=float(ends[-1]),
            value=mean(self._values, self._all_values, start, 0, VALUE_PRIOR),
            place=mean(self._places, self._all_places, start, 0, PLACE_PRIOR),
            place_of_year=mean(self._places, self._all_places, cuts[year], int(ends[year]), YEAR_PLACE_PRIOR),
            first=self.first[items],
            latest=np.where(known > 0, self._seconds[np.maximum(stop - 1, 0)], -np.inf),
        )


def _running(values: NDArray[np.generic]) -> Numbers:
    """Sums of the first 0, 1, 2, … values."""
    return np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
