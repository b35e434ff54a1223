"""What was known at each user's last moment: how popular every item was then, of late and over all, and how old."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.events import events_of, positions
from components.recommenders.protocol import Events, Scores, TrainingData

DAY = 86_400
WINDOWS = (7, 30, 90, 365, 1000)
"""Days."""
YEAR_DAYS = 365
CELLS = 1 << 23
"""Moments times items whose counts are held at once."""


@dataclass(frozen=True)
class RankingContext:
    """Counts at a number of moments; a user's is the latest that does not come after their last interaction.

    Where times are unknown there is one moment, after everything.

    Attributes:
        moment: of each user, the row in the counts, (n_users,).
        known: interactions per item before each moment, (n_moments, n_items).
        liked: relevant ones of these.
        lately: those in the last `WINDOWS` days before it.
        values: mean value of each item then, drawn towards the mean of all where there are few.
        places: at which place of a user's history an item is met, mean log(1 + place), and that in the last year.
        latest: when each item was last met before each moment, seconds since 1970, -inf where never.
        now: each user's last interaction, seconds since 1970, (n_users,).
        first: each item's first, infinite for one that nobody met, (n_items,).
    """

    moment: NDArray[np.int64]
    known: Scores
    liked: Scores
    lately: tuple[Scores, ...]
    values: Scores
    places: tuple[Scores, ...]
    latest: NDArray[np.float64]
    now: NDArray[np.float64]
    first: NDArray[np.float64]


def context_of(data: TrainingData) -> RankingContext:
    """What the interactions of `data` say; a user without any knows as much as the latest one."""
    events, (n_users, n_items) = events_of(data), data.seen.shape
    if not events.timed:
        events = Events(events.users, events.items, events.values, events.liked, np.zeros(len(events), np.int64))
    latest = float(events.seconds.max(initial=0))
    now = np.full(n_users, -np.inf)
    np.maximum.at(now, events.users, events.seconds.astype(float))
    now[~np.isfinite(now)] = latest
    first = np.full(n_items, np.inf)
    np.minimum.at(first, events.items, events.seconds.astype(float))
    moments = np.unique(now) if events.timed else np.array([latest + 1])
    most = max(16, CELLS // max(n_items, 1))
    if len(moments) > most:
        moments = moments[np.linspace(0, len(moments) - 1, most).astype(int)]
    moment = np.maximum(np.searchsorted(moments, now, side="right") - 1, 0)
    order = np.argsort(events.seconds, kind="stable")
    seconds, items, liked = events.seconds[order], events.items[order], events.liked[order]
    values, places = events.values[order].astype(float), np.log1p(positions(events)[0][order])
    ends = np.searchsorted(seconds, moments)

    def counts(since: NDArray[np.float64], weights: NDArray[np.floating] | None = None) -> Scores:
        table = np.zeros((len(moments), n_items), np.float32)
        for row, (start, stop) in enumerate(zip(since, ends, strict=True)):
            some = slice(int(np.searchsorted(seconds, start)), stop)
            table[row] = np.bincount(items[some], None if weights is None else weights[some], n_items)
        return table

    def means(since: NDArray[np.float64], weights: NDArray[np.floating], count: Scores, prior: float) -> Scores:
        start = np.searchsorted(seconds, since)
        sums = np.r_[0, np.cumsum(weights)]
        overall = (sums[ends] - sums[start]) / np.maximum(ends - start, 1)
        total = counts(since, weights) + np.float32(prior) * overall[:, None].astype(np.float32)
        return np.asarray(total / (count + np.float32(prior)), np.float32)

    last_met = np.full((len(moments), n_items), -np.inf)
    for row, stop in enumerate(ends):
        # The order is by time, so the last of several assignments is the latest.
        last_met[row, items[:stop]] = seconds[:stop]
    ever = np.full(len(moments), -np.inf)
    known = counts(ever)
    lately = tuple(counts(moments - days * DAY) for days in WINDOWS) if events.timed else ()
    year, of_year = moments - YEAR_DAYS * DAY, WINDOWS.index(YEAR_DAYS)
    return RankingContext(
        moment=moment,
        known=known,
        liked=counts(ever, liked.astype(np.float32)),
        lately=lately,
        values=means(ever, values, known, 5),
        places=(means(ever, places, known, 2), means(year, places, lately[of_year], 1)) if events.timed else (),
        latest=last_met,
        now=now,
        first=first,
    )
