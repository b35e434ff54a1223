"""What fades, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.events import events_of, with_events
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, TrainingData
from components.recommenders.recent_popularity import RecentPopularity, RecentPopularityConfig

DAY = 86_400
NOTHING = np.zeros(0, np.int32)


def world(days: list[tuple[int, int]]) -> TrainingData:
    """One user per (item, day), who likes it."""
    n = len(days)
    items, when = (np.array(column) for column in zip(*days, strict=True))
    events = Events(
        np.arange(n, dtype=np.int32), items.astype(np.int32), np.ones(n, np.float32), np.ones(n, np.bool_), when * DAY
    )
    empty = csr_array((n, 4), dtype=np.float32)
    return with_events(TrainingData(tuple(map(str, range(n))), tuple("abcd"), empty, empty, ((),) * 4), events)


def ranked(data: TrainingData, half_life_days: float) -> list[int]:
    fitted = RecentPopularity(RecentPopularityConfig(half_life_days=half_life_days)).fit(data, 0)
    return fitted.top_k(-1, 4, NOTHING).items.tolist()


def test_a_like_counts_half_for_every_half_life_that_is_past() -> None:
    fitted = RecentPopularity(RecentPopularityConfig(half_life_days=10)).fit(world([(0, 0), (1, 10), (2, 20)]), 0)
    np.testing.assert_allclose(fitted.counts, [0.25, 0.5, 1, 0])


def test_what_was_liked_long_ago_comes_by_its_popularity() -> None:
    days = [(3, 0), (3, 1), (1, 0), (2, 0), (2, 1), (2, 2), (0, 50_000)]
    assert ranked(world(days), 7) == [0, 2, 3, 1]


def test_one_wrong_date_in_the_future_leaves_the_others_in_order() -> None:
    data = world([(3, 0), (3, 1), (3, 2), (2, 0), (2, 1), (1, 2)])
    late = events_of(data).seconds.copy()
    late[-1] = 45_000 * DAY
    wrong = with_events(data, replace(events_of(data), seconds=late))
    others = [item for item in ranked(wrong, 7) if item != 1]
    plain = [item for item in Popularity().fit(data, 0).top_k(-1, 4, NOTHING).items.tolist() if item != 1]
    assert others == plain
