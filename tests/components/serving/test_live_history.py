"""What is new joins what training knows, as the next training would read it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from components.interactions.event_interactions import event_interactions, settle, weights_of_events
from components.recommenders.history import NO_HISTORY, History
from components.serving.live_history import EventValues, live_history
from components.serving.recent_history import UserEvent, UserEvents
from tests.ingest_worlds import CONFIG

ROW_OF = {"a": 0, "b": 1, "c": 2, "d": 3}
VALUES = EventValues(threshold=4.0, like=5.0, dislike=0.5)
TRAINED = History(
    np.array([0, 1], np.int32), np.array([5, 2], np.float32), np.array([True, False]), np.array([100, 200])
)


def after(
    *events: tuple[str, str, float | None, float], trained: History = TRAINED, cart: tuple[str, ...] = ()
) -> History:
    return live_history(trained, UserEvents(tuple(UserEvent(*event) for event in events), 1), cart, ROW_OF, VALUES)


def told(history: History) -> list[tuple[int, float, bool, int]]:
    columns = history.items, history.values, history.liked, history.seconds
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_without_news_the_history_is_the_very_one_of_training() -> None:
    assert after() is TRAINED
    assert after(("a", "click", None, 300), ("z", "rating", 5.0, 300), ("c", "view", None, 300)) is TRAINED
    assert after(trained=NO_HISTORY) is NO_HISTORY


def test_news_stand_behind_what_training_knows() -> None:
    assert told(after(("c", "rating", 3.0, 300), ("d", "click", None, 400)))[2:] == [
        (2, 3, False, 300),
        (3, 5, True, 400),
    ]


def test_the_last_rating_decides_and_else_the_first_like() -> None:
    history = after(
        ("c", "click", None, 300), ("d", "rating", 5.0, 310), ("c", "click", None, 320), ("d", "rating", 1.0, 330)
    )
    assert told(history)[2:] == [(2, 5, True, 300), (3, 1, False, 330)]


def test_a_rating_out_of_the_datas_range_says_nothing_as_in_training() -> None:
    bounded = EventValues(threshold=4.0, like=5.0, dislike=0.5, lowest=0.5, highest=5.0)
    events = [UserEvent("c", "rating", value, 300) for value in (1e300, -7.0, 4.5, 5.5)]
    history = live_history(TRAINED, UserEvents(tuple(events), 1), (), ROW_OF, bounded)
    assert told(history)[2:] == [(2, 4.5, True, 300)]


def test_time_never_runs_backwards_and_an_event_without_one_is_the_latest() -> None:
    assert after(("c", "click", None, 50)).seconds[-1] == 200
    assert after(("c", "click", None, 0)).seconds[-1] > 1e12


def test_a_dislike_of_a_known_item_takes_the_place_of_what_was_known_and_a_rating_takes_it_back() -> None:
    assert told(after(("a", "dislike", None, 300))) == [(1, 2, False, 200), (0, 0.5, False, 300)]
    assert told(after(("a", "dislike", None, 300), ("a", "rating", 4.5, 310)))[-1] == (0, 4.5, True, 310)


def test_the_cart_is_liked_now() -> None:
    assert told(after(("c", "click", None, 300), cart=("d", "z", "a")))[2:][-1][:3] == (3, 5, True)


def test_a_stranger_who_did_the_same_has_the_same_history() -> None:
    stranger = after(
        ("a", "rating", 5.0, 100), ("b", "rating", 2.0, 200), ("c", "click", None, 300), trained=NO_HISTORY
    )
    assert told(stranger) == told(after(("c", "click", None, 300)))


@pytest.mark.parametrize(
    "weights", [None, {"view": 1.0, "click": 2.0, "purchase": 5.0}, {"click": 9.0, "dislike": -3.0}]
)
@pytest.mark.parametrize("seed", range(20))
def test_what_somebody_did_is_worth_now_what_it_is_worth_after_a_training(
    weights: dict[str, float] | None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    config = CONFIG.model_copy(update={"weights": weights})
    kinds = ["view", "click", "purchase", "dwell", "rating", "dislike"]
    events = [
        UserEvent(
            str(rng.choice([*ROW_OF])), kind := str(rng.choice(kinds)), 3.5 if kind == "rating" else None, 500.0 + n
        )
        for n in range(rng.integers(1, 12))
    ]
    rows = [(f"e{n}", "u", each.item_id, each.type, each.value, each.occurred_at, 1.0) for n, each in enumerate(events)]
    columns = ["event_id", "user_id", "item_id", "type", "value", "occurred_at", "propensity"]
    later = settle(event_interactions(pd.DataFrame(rows, columns=columns).astype({"value": float}), config).rows)
    values = EventValues(4.0, 5.0, 0.5, 0.5, 5.0, weights_of_events(config))
    now = live_history(NO_HISTORY, UserEvents(tuple(events), 1), (), ROW_OF, values)
    trained = {ROW_OF[row.item_id]: (row.value, row.timestamp.timestamp()) for row in later.itertuples()}
    assert {row: (value, seconds) for row, value, _, seconds in told(now)} == trained


def test_the_types_of_news_are_those_of_training_and_the_traits_stay() -> None:
    kinds, traits = np.array([1, 0], np.int8), np.array([3], np.int8)
    known = replace(TRAINED, kinds=kinds, traits=traits)
    told_apart = replace(VALUES, kinds=("purchase", "rating"))
    events = UserEvents((UserEvent("c", "purchase", None, 300), UserEvent("b", "dislike", None, 310)), 1)
    history = live_history(known, events, ("d",), ROW_OF, told_apart)
    assert history.items.tolist() == [0, 2, 1, 3]
    assert history.kinds is not None
    assert history.kinds.tolist() == [1, 0, -1, -1]
    assert history.traits is traits
    stranger = live_history(NO_HISTORY, events, (), ROW_OF, told_apart)
    assert stranger.kinds is not None
    assert (stranger.kinds.tolist(), stranger.traits) == ([0, -1], None)
    assert live_history(TRAINED, events, (), ROW_OF, VALUES).kinds is None
