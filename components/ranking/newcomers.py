"""What people like of whom nothing is known yet: the popularity, of all times or fading, that suits newcomers best."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from components.metrics.ranking import ndcg
from components.params import RecentPopularity as RecentPopularityParams
from components.recommenders.events import chosen, events_of, with_events
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import TrainingData
from components.recommenders.recent_popularity import RecentPopularity

HALF_LIVES_DAYS = (7.0, 30.0, 90.0, 365.0, 1000.0)
MOMENTS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the interactions, oldest first, after which newcomers are looked at, until the next such moment."""
LEAST = 50
"""Newcomers below which all of the past counts alike."""
K = 10


def popularity_of(half_life_days: float | None) -> Popularity | RecentPopularity:
    """Popularity that fades so fast; of all times where that is None."""
    if half_life_days is None:
        return Popularity()
    return RecentPopularity(RecentPopularityParams(half_life_days=half_life_days))


def choose_half_life(data: TrainingData, seed: int) -> float | None:
    """How fast popularity should fade for newcomers, in days; None where it should not, or there are too few of them.

    At each of several moments the most popular items of until then are held against what those liked who came between
    that moment and the next: mean NDCG@10 over all newcomers, as a service meets them that is trained now and then.
    """
    events = events_of(data)
    if not events.timed:
        return None
    by_time = np.sort(events.seconds)
    cuts = [int(by_time[int(share * len(by_time))]) for share in MOMENTS] + [int(by_time[-1]) + 1]
    began = np.full(len(data.user_ids), np.iinfo(np.int64).max)
    np.minimum.at(began, events.users, events.seconds)
    found: list[_Found] = []
    for cut, until in pairwise(cuts):
        new = (began >= cut) & (began < until)
        past, later = chosen(events, events.seconds < cut), chosen(events, new[events.users] & events.liked)
        if len(later) and past.liked.any():
            found.append(_measure(with_events(data, past), later.users, later.items, seed))
    if sum(each.n_users for each in found) < LEAST:
        return None
    totals = np.sum([each.totals for each in found], axis=0)
    best = int(np.argmax(totals))
    return None if best == 0 else HALF_LIVES_DAYS[best - 1]


@dataclass(frozen=True)
class _Found:
    n_users: int
    totals: NDArray[np.float64]
    """Summed NDCG of popularity that does not fade, then by half-life."""


def _measure(past: TrainingData, users: NDArray[np.int32], items: NDArray[np.int32], seed: int) -> _Found:
    newcomers, rows = np.unique(users, return_inverse=True)
    wanted = np.zeros((len(newcomers), len(past.item_ids)), np.bool_)
    wanted[rows, items] = True
    n_wanted, totals = wanted.sum(axis=1), []
    for half_life in (None, *HALF_LIVES_DAYS):
        best = popularity_of(half_life).fit(past, seed).top_k(-1, K, np.zeros(0, np.int32)).items
        totals.append(float(ndcg(wanted[:, best], n_wanted).sum()))
    return _Found(len(newcomers), np.array(totals))
