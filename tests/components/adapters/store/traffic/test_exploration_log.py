"""What stood at a position open to chance is read wherever impressions are kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, Table, insert

from components.adapters.store.llm.shadow_log import read_eligible
from components.adapters.store.tables import SHOWN, feedback, requests
from components.adapters.store.traffic.exploration_log import read_open_positions
from components.adapters.store.traffic.latest import shown_lately
from components.adapters.store.traffic.traffic_log import TrafficLog
from tests.components.adapters.store.traffic.test_attribution import did, shown
from tests.experiment_worlds import request_row
from tests.shown_in import keep_shown


@pytest.fixture(params=SHOWN, ids=lambda table: table.name)
def log(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """Two lists of two items; the second place of the first one was open, and clicked."""
    kept_in: Table = request.param
    asked: list[dict[str, Any]] = [
        {**request_row(name, "u", at, "default"), "items": ["a", "b"], "llm": {"tier": "cheap"}}
        | {"explored_position": position}
        for name, at, position in (("r1", 1.0, 2), ("r2", 2.0, None))
    ]
    with engine.begin() as db:
        db.execute(insert(requests), asked)
        rows = [shown(name, "u", item, at, place) for name, at in (("r1", 1.0), ("r2", 2.0)) for place, item in PLACES]
        keep_shown(db, rows, kept_in)
        db.execute(insert(feedback), [did("e", "u", "b", 3.0, "r1")])
    return engine


PLACES = ((1, "a"), (2, "b"))


def test_the_open_position_is_read_with_its_click_and_its_propensity(log: Engine) -> None:
    (found,) = read_open_positions(log, 0.0, 9.0, None)
    assert (found.request_id, found.position, found.item_id, found.propensity, found.clicked) == (
        *("r1", 1, "b", 0.5, True),
    )


def test_a_replay_knows_the_open_position_where_there_was_one(log: Engine) -> None:
    found = [(row.request.explored_item, row.request.propensity) for row in read_eligible(log, 0.0, 9.0)]
    assert found == [("b", 0.5), (None, None)]


def test_an_item_is_found_in_the_newest_lists_that_showed_it(log: Engine) -> None:
    there, places = shown_lately(log, "b", 10)
    assert (there, [(row["request_id"], row["position"], row["source"]) for row in places]) == (
        *(2, [("r2", 2, "cf"), ("r1", 2, "cf")]),
    )


def test_what_was_shown_is_known_by_its_source(log: Engine) -> None:
    assert TrafficLog(log, 5).sources([("r1", "a"), ("r2", "b"), ("r2", "z")]) == ["cf", "cf", "unknown"]
