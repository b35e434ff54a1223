"""Feedback finds the impression it answers to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, Table, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import SHOWN, feedback
from components.adapters.store.traffic.attribution import attributed
from components.adapters.store.traffic.event_rows import read_feedback
from tests.shown_in import keep_shown

either_way = pytest.mark.parametrize("kept_in", SHOWN, ids=lambda table: table.name)
HOUR = 3_600.0
DAY = 24 * HOUR


def shown(request_id: str, user_id: str, item_id: str, at: float, position: int = 1) -> dict[str, Any]:
    row = {"request_id": request_id, "position": position, "item_id": item_id, "user_id": user_id, "shown_at": at}
    return {**row, "source": "cf", "score": 1.0, "propensity": 0.5, "release_id": "r", "variant": "default"}


def did(event_id: str, user_id: str, item_id: str, at: float, request_id: str | None = None) -> dict[str, Any]:
    row = {"event_id": event_id, "request_id": request_id, "user_id": user_id, "item_id": item_id, "type": "click"}
    return {**row, "value": None, "occurred_at": at, "received_at": at}


def store(engine: Engine, kept_in: Table, seen: list[dict[str, Any]], done: list[dict[str, Any]]) -> None:
    with engine.begin() as db:
        keep_shown(db, seen, kept_in)
        db.execute(feedback.insert(), done)


def found(engine: Engine) -> dict[str, tuple[str, int]]:
    pairs = attributed(DAY)
    query = select(feedback.c.event_id, pairs.c.request_id, pairs.c.position).join(
        pairs, pairs.c.sequence == feedback.c.sequence
    )
    with reading(engine) as db:
        return {event_id: (request_id, position) for event_id, request_id, position in db.execute(query)}


@either_way
def test_feedback_that_names_its_request_joins_it_days_later(engine: Engine, kept_in: Table) -> None:
    store(
        engine, kept_in, [shown("r1", "u", "a", 0.0), shown("r2", "u", "a", 5.0)], [did("e", "u", "a", 9 * DAY, "r1")]
    )
    assert found(engine) == {"e": ("r1", 1)}


@either_way
def test_feedback_without_a_request_joins_the_latest_before_it_within_the_horizon(
    engine: Engine, kept_in: Table
) -> None:
    seen = [shown(f"r{at}", "u", "a", at * HOUR) for at in (1, 2, 30)]
    store(engine, kept_in, seen, [did(f"e{at}", "u", "a", at * HOUR) for at in (0, 1, 3, 26, 27, 31)])
    assert found(engine) == {"e1": ("r1", 1), "e3": ("r2", 1), "e26": ("r2", 1), "e31": ("r30", 1)}


@either_way
def test_what_was_shown_to_others_or_not_at_all_is_not_ours(engine: Engine, kept_in: Table) -> None:
    done = [
        did("a", "v", "a", 1.0),
        did("b", "u", "b", 1.0),
        did("c", "v", "a", 1.0, "r"),
        did("d", "u", "a", 1.0, "x"),
    ]
    store(engine, kept_in, [shown("r", "u", "a", 0.0)], done)
    assert found(engine) == {}
    assert read_feedback(engine, DAY)["propensity"].isna().all()


@either_way
def test_the_query_agrees_with_the_definition_on_random_traffic(engine: Engine, kept_in: Table) -> None:
    rng = np.random.default_rng(7)
    asked = [(f"r{n}", str(rng.integers(3)), float(rng.integers(60)) * HOUR) for n in range(150)]
    seen = [
        shown(request_id, user_id, str(rng.integers(4)), at, position)
        for request_id, user_id, at in asked
        for position in (1, 2)
    ]
    done = [
        did(
            *(str(n), str(rng.integers(3)), str(rng.integers(4)), float(rng.integers(90)) * HOUR),
            request_id=f"r{rng.integers(200)}" if rng.random() < 0.5 else None,
        )
        for n in range(300)
    ]
    store(engine, kept_in, seen, done)
    expected = {}
    for event in done:
        fits = [
            row
            for row in seen
            if (row["user_id"], row["item_id"]) == (event["user_id"], event["item_id"])
            and (
                row["request_id"] == event["request_id"]
                if event["request_id"] is not None
                else event["occurred_at"] - DAY <= row["shown_at"] <= event["occurred_at"]
            )
        ]
        if fits:
            best = min(fits, key=lambda row: (-row["shown_at"], row["position"], row["request_id"]))
            expected[event["event_id"]] = (best["request_id"], best["position"])
    assert found(engine) == expected
    assert 50 < len(expected) < 250
    rows = read_feedback(engine, DAY)
    assert list(rows["event_id"]) == [event["event_id"] for event in done]
    assert rows["propensity"].notna().sum() == len(expected)


def test_a_feedback_that_fits_impressions_of_both_ways_of_keeping_has_the_latest(engine: Engine) -> None:
    with engine.begin() as db:
        for kept_in, at in zip(SHOWN, (1.0, 2.0), strict=True):
            keep_shown(db, [shown(f"in {kept_in.name}", "u", "a", at)], kept_in)
        db.execute(feedback.insert(), [did("e", "u", "a", 3.0), did("f", "u", "a", 1.5)])
    assert found(engine) == {"e": ("in impressions", 1), "f": ("in shown_items", 1)}
