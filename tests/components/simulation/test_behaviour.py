"""People click what they look at and want, and tell only what they did."""

from __future__ import annotations

from collections import Counter

import numpy as np

from components.simulation.behaviour import Habits, react
from tests.components.simulation.people_worlds import person

NOBODY_KNOWS: frozenset[str] = frozenset()


def clicks_per_place(who, shown: list[str], habits: Habits, known: frozenset[str] = NOBODY_KNOWS) -> np.ndarray:
    counts = np.zeros(len(shown))
    for seed in range(2_000):
        counts[list(react(who, shown, known, habits, np.random.default_rng(seed)).clicked)] += 1
    return counts / 2_000


def test_clicks_follow_taste_times_look() -> None:
    who = person("a", "x", "y", tried=["z"], taste=0.8)
    found = clicks_per_place(who, ["x", "y", "z", "stranger"], Habits(curiosity=0.0))
    np.testing.assert_allclose(found, [0.8, 0.8 / 2, 0.8 * 0.5 / 3, 0.0], atol=0.03)


def test_what_was_clicked_before_is_of_no_interest() -> None:
    who = person("a", "x", taste=1.0)
    assert clicks_per_place(who, ["x"], Habits(), frozenset({"x"}))[0] == 0


def test_the_same_draw_gives_the_same_reaction() -> None:
    who, shown = person("a", "x", "y"), ["y", "x", "q"]
    one, other = (react(who, shown, NOBODY_KNOWS, Habits(), np.random.default_rng(5)) for _ in range(2))
    assert one == other


def test_ratings_are_the_later_values_and_only_liked_items_are_bought() -> None:
    who = person("a", "x", tried=["z"], taste=1.0)
    habits = Habits(steepness=0.0, tried=1.0, curiosity=1.0, rates=1.0, buys=1.0)
    events = react(who, ["x", "z", "stranger"], NOBODY_KNOWS, habits, np.random.default_rng(0)).events
    assert Counter((event["item_id"], event["type"], event.get("value")) for event in events) == {
        ("x", "click", None): 1,
        ("x", "rating", 5.0): 1,
        ("x", "purchase", 5.0): 1,
        ("z", "click", None): 1,
        ("z", "rating", 2.0): 1,
        ("stranger", "click", None): 1,
    }
