"""What people like of whom nothing is known yet: the popularity, of all times or fading, that suits newcomers best."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from components.metrics.ranking import ndcg
from components.recommenders.events import chosen, events_of, with_events
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, TrainingData
from components.recommenders.recent_popularity import RecentPopularity, RecentPopularityConfig

HALF_LIVES_DAYS = (7.0, 30.0, 90.0, 365.0, 1000.0)
MOMENTS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the interactions, oldest first, after which newcomers are looked at, until the next such moment."""
LEAST = 50
"""Newcomers below which all of the past counts alike."""
K = 10
DOUBT = 2.0
"""Standard errors by which fading must gain: several ways are tried, and one of them is always the luckiest."""


def popularity_of(half_life_days: float | None) -> Popularity | RecentPopularity:
    """Popularity that fades so fast; of all times where that is None."""
    if half_life_days is None:
        return Popularity()
    return RecentPopularity(RecentPopularityConfig(half_life_days=half_life_days))


def choose_half_life(data: TrainingData, seed: int) -> float | None:
    """How fast popularity should fade for newcomers, in days; None where it should not, or where nothing shows it.

    At each of several moments the most popular items of until then are held against all that those liked later who came
    between that moment and the next, as a service meets them that is trained now and then. The best mean NDCG@10 must
    exceed that of all times by more than chance.
    """
    events = events_of(data)
    if not events.dated:
        return None
    by_time = np.sort(events.seconds)
    cuts = [int(by_time[int(share * len(by_time))]) for share in MOMENTS] + [int(by_time[-1]) + 1]
    began = np.full(len(data.user_ids), np.iinfo(np.int64).max)
    np.minimum.at(began, events.users, events.seconds)
    found = [np.empty((0, 1 + len(HALF_LIVES_DAYS)))]
    for cut, until in pairwise(cuts):
        new = (began >= cut) & (began < until)
        past, later = chosen(events, events.seconds < cut), chosen(events, new[events.users] & events.liked)
        if len(later) and past.liked.any():
            found.append(_ndcg_of_newcomers(with_events(data, past), later, seed))
    quality = np.concatenate(found)
    if len(quality) < LEAST:
        return None
    best = int(np.argmax(quality.mean(axis=0)))
    gain = quality[:, best] - quality[:, 0]
    if gain.mean() <= DOUBT * gain.std() / np.sqrt(len(gain)):
        return None
    return HALF_LIVES_DAYS[best - 1]


def _ndcg_of_newcomers(past: TrainingData, later: Events, seed: int) -> NDArray[np.float64]:
    """Of each user of `later` NDCG@10 by popularity that does not fade, then by half-life, (n_users, n_ways)."""
    n_items = len(past.item_ids)
    cells = np.unique(later.users.astype(np.int64) * n_items + later.items)
    _, rows, n_wanted = np.unique(cells // n_items, return_inverse=True, return_counts=True)
    columns = []
    for half_life in (None, *HALF_LIVES_DAYS):
        best = popularity_of(half_life).fit(past, seed).top_k(-1, K, np.zeros(0, np.int32)).items
        place = np.full(n_items, -1)
        place[best] = np.arange(len(best))
        at = place[cells % n_items]
        hits = np.zeros((len(n_wanted), len(best)), np.bool_)
        hits[rows[at >= 0], at[at >= 0]] = True
        columns.append(ndcg(hits, n_wanted))
    return np.column_stack(columns)
