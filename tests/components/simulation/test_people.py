"""People are made of what they did later, and the active ones ask more often."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from components.simulation.people import NobodyToAsk, draw_askers, people_from_future
from tests.components.simulation.people_worlds import person

FUTURE = pd.DataFrame(
    {"user_id": ["b", "a", "a", "a"], "item_id": [1, 1, 2, 2], "value": [3.0, 4.0, 2.0, 5.0]},
)


def test_people_like_what_they_later_gave_at_least_the_threshold_and_the_last_value_counts() -> None:
    a, b = people_from_future(FUTURE, 4.0, seed=0)
    assert (a.user_id, a.later, a.liked) == ("a", {"1": 4.0, "2": 5.0}, {"1", "2"})
    assert (b.user_id, b.later, b.liked) == ("b", {"1": 3.0}, frozenset())


def test_the_seed_decides_how_people_differ() -> None:
    first, again, other = (people_from_future(FUTURE, 4.0, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [each.activity for each in first] != [each.activity for each in other]
    assert {each.wishes["context"]["device"] for each in first} <= {"phone", "tv", "web"}


def test_without_a_future_there_is_nobody() -> None:
    with pytest.raises(NobodyToAsk, match="no interactions"):
        people_from_future(FUTURE[:0], 4.0, seed=0)


def test_askers_come_in_proportion_to_their_activity() -> None:
    people = [person("rare", activity=1.0), person("often", activity=9.0)]
    counts = Counter(draw_askers(people, 5_000, seed=3))
    assert 0.08 < counts[0] / 5_000 < 0.12
    assert draw_askers(people, 50, seed=3) == draw_askers(people, 50, seed=3)
