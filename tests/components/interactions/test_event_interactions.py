"""What stored feedback says to training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from components.interactions.composing import mark_origin
from components.interactions.event_interactions import event_interactions, merge, settle
from tests.ingest_worlds import CONFIG

COLUMNS = ["event_id", "user_id", "item_id", "type", "value", "occurred_at", "propensity"]
SECOND = 1_767_225_600.0


def feedback(*rows: tuple[str, str, str, float | None, float]) -> pd.DataFrame:
    """(user, item, type, value, seconds), named e0, e1, …"""
    cells = [
        (f"e{n}", user, item, kind, value, SECOND + at, 1.0) for n, (user, item, kind, value, at) in enumerate(rows)
    ]
    return pd.DataFrame(cells, columns=COLUMNS).astype({"value": float})


def settled(*rows: tuple[str, str, str, float | None, float]) -> pd.DataFrame:
    events = event_interactions(feedback(*rows), CONFIG).rows
    shuffled = settle(events.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(settle(events), shuffled.sort_index())
    return settle(events)


def base(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    cells = [
        (user, item, value, "rating", pd.Timestamp(SECOND + at, unit="s", tz="UTC")) for user, item, value, at in rows
    ]
    frame = pd.DataFrame(cells, columns=["user_id", "item_id", "value", "type", "timestamp"])
    return mark_origin(frame.astype({"timestamp": "datetime64[ns, UTC]"}), "base")


def test_likes_have_the_implicit_value_ratings_their_own_and_the_rest_is_left_out_with_its_reason() -> None:
    found = event_interactions(
        feedback(
            ("u", "a", "click", 3.0, 0),
            ("u", "b", "purchase", None, 0),
            ("u", "c", "rating", 1.5, 0),
            ("u", "d", "rating", 11.0, 0),
            ("u", "e", "rating", None, 0),
            ("u", "f", "view", None, 0),
            ("u", "g", "dwell", 30.0, 0),
        ),
        CONFIG,
    )
    assert dict(zip(found.rows["item_id"], found.rows["value"], strict=True)) == {"a": 5.0, "b": 5.0, "c": 1.5}
    assert sorted(found.left_out.values()) == [1, 3]
    assert set(found.rows["source"]) == {"events"}
    assert list(found.rows["timestamp"].astype("int64")) == [int(SECOND) * 10**9] * 3


def test_the_last_rating_counts_and_without_one_the_first_like() -> None:
    rows = settled(
        ("u", "a", "rating", 5.0, 1),
        ("u", "a", "rating", 2.0, 9),
        ("u", "a", "click", None, 20),
        ("u", "b", "purchase", None, 8),
        ("u", "b", "click", None, 3),
        ("v", "a", "click", None, 2),
    )
    assert sorted(zip(rows["event_id"], rows["value"], strict=True)) == [("e1", 2.0), ("e4", 5.0), ("e5", 5.0)]


def test_types_with_a_weight_are_worth_it_and_of_likes_the_first_of_most_worth_counts() -> None:
    events = feedback(
        ("u", "a", "view", None, 1),
        ("u", "a", "purchase", None, 8),
        ("u", "a", "purchase", None, 9),
        ("u", "a", "click", None, 10),
        ("u", "b", "click", None, 2),
        ("u", "c", "dislike", None, 3),
        ("u", "d", "dwell", 30.0, 4),
        ("u", "e", "rating", 4.5, 5),
        ("u", "e", "purchase", None, 6),
    )
    weighed = CONFIG.model_copy(
        update={"weights": {"View": 1.0, "click": 2.0, "purchase": 4.0, "dislike": -3.0, "refund": -5.0}}
    )
    found = event_interactions(events, weighed)
    assert list(found.left_out.values()) == [1]
    rows = settle(found.rows)
    assert dict(zip(rows["item_id"], rows["value"], strict=True)) == {"a": 4.0, "b": 2.0, "c": -3.0, "e": 4.5}
    assert rows.set_index("item_id").loc["a", "event_id"] == "e1"


def test_an_event_read_twice_counts_once() -> None:
    events = event_interactions(feedback(("u", "a", "click", None, 0), ("u", "b", "click", None, 1)), CONFIG).rows
    assert len(settle(pd.concat([events, events], ignore_index=True))) == 2


@pytest.mark.parametrize(
    ("kind", "value", "at", "expected"),
    [
        ("rating", 1.0, 10.0, ("events", 1.0)),
        ("rating", 1.0, -10.0, ("base", 4.0)),
        ("click", None, 10.0, ("base", 4.0)),
    ],
)
def test_only_a_later_rating_takes_the_place_of_what_is_known(
    kind: str, value: float | None, at: float, expected: tuple[str, float]
) -> None:
    whole = merge(base(("u", "a", 4.0, 0), ("v", "a", 3.0, 0)), settled(("u", "a", kind, value, at)))
    mine = whole[whole["user_id"] == "u"]
    assert list(zip(mine["source"], mine["value"], strict=True)) == [expected]
    assert len(whole) == 2


def test_what_is_merged_is_in_order_and_its_parts_are_as_they_were() -> None:
    known, events = base(("u", "a", 4.0, 5), ("v", "b", 3.0, 7)), settled(("u", "b", "click", None, 6))
    copies = known.copy(), events.copy()
    whole = merge(known, events)
    assert list(whole["item_id"]) == ["a", "b", "b"]
    assert whole["timestamp"].is_monotonic_increasing
    assert np.isnan(whole["propensity"]).tolist() == [True, False, True]
    pd.testing.assert_frame_equal(known, copies[0])
    pd.testing.assert_frame_equal(events, copies[1])
