"""What follows what, and whose last items ask for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.recommenders.events import events_of, recent
from components.recommenders.next_items import NextItems, NextItemsConfig
from components.recommenders.protocol import Events
from components.recommenders.session import Session, SessionConfig, transitions
from components.recommenders.training_data import training_data

NOTHING = np.empty(0, np.int32)


def chains(shuffled: bool = False):
    """Each user meets i0, i1, … in order from a start of their own, one a day; u9 has only met i3."""
    rows = [
        (
            f"u{user}",
            f"i{(user + step) % 8}",
            5.0,
            "rating",
            pd.Timestamp("2020-01-01", tz="UTC") + pd.Timedelta(days=step),
        )
        for user in range(9)
        for step in range(5 if user < 8 else 0)
    ]
    rows.append(("u9", "i3", 5.0, "rating", pd.Timestamp("2020-02-01", tz="UTC")))
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "value", "type", "timestamp"]).assign(relevant=True)
    if shuffled:
        table = table.sample(frac=1, random_state=1)
    items = pd.DataFrame(
        {"item_id": [f"i{i}" for i in range(8)], "title": "", "description": "", "category": "", "tags": ""}
    )
    return training_data(table, items.assign(price=np.nan), pd.DataFrame({"user_id": [f"u{u}" for u in range(10)]}))


def test_transitions_count_pairs_by_distance() -> None:
    events = Events(
        np.array([0, 0, 0, 1, 1], np.int32),
        np.array([0, 1, 2, 1, 2], np.int32),
        np.ones(5, np.float32),
        np.ones(5, bool),
        np.arange(5),
    )
    expected = np.zeros((3, 3))
    expected[0, 1], expected[1, 2], expected[0, 2] = 1, 2, np.exp(-1)
    np.testing.assert_allclose(transitions(events, 3, window=2, fade=1.0).toarray(), expected, rtol=1e-6)


def test_what_usually_follows_comes_first() -> None:
    for recipe in (Session(SessionConfig()), NextItems(NextItemsConfig(min_interactions=1, future=1))):
        fitted = recipe.fit(chains(), seed=0)
        assert fitted.top_k(9, 1, np.array([3])).items.tolist() == [4], recipe.name


def test_the_order_of_the_rows_does_not_matter() -> None:
    for recipe in (Session(SessionConfig()), NextItems(NextItemsConfig(min_interactions=1))):
        users = np.arange(10)
        first, second = (recipe.fit(chains(shuffled), seed=0).scores(users) for shuffled in (False, True))
        np.testing.assert_array_equal(first, second)


def test_only_the_last_items_count_and_the_newest_most() -> None:
    weights = recent(events_of(chains()), (10, 8), last=2, fade=1.0).toarray()
    np.testing.assert_allclose(weights[0], [0, 0, 0, np.exp(-1), 1, 0, 0, 0], rtol=1e-6)


def test_no_item_follows_itself_though_it_was_met_twice_in_a_row() -> None:
    events = Events(
        np.zeros(3, np.int32), np.array([0, 0, 1], np.int32), np.ones(3, np.float32), np.ones(3, bool), np.arange(3)
    )
    found = transitions(events, 2, 2, 1.0).toarray()
    assert found.diagonal().tolist() == [0.0, 0.0]
    assert found[0, 1] > 1
