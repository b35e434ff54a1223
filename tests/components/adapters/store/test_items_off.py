"""What is switched off is kept with its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from components.adapters.store.catalogue.items_off import SqlItemsOff, SwitchedOff
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import requests
from components.adapters.store.traffic.shown_items import PART, ShownItems

HOUR = 3600.0


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def off(item_id: str, until: float | None = None, since: float = 1.0) -> SwitchedOff:
    return SwitchedOff(item_id, since, until, "sold out", "anna")


def test_an_item_is_off_until_its_end_and_the_last_word_counts(engine: Engine) -> None:
    items = SqlItemsOff(engine)
    items.switch_off([off("b"), off("a", until=10.0)])
    assert [each.item_id for each in items.at(9.9)] == ["a", "b"]
    assert items.at(10.0) == [off("b")]
    items.switch_off([off("b", until=5.0)])
    assert items.at(10.0) == []
    assert items.switch_on(["a", "b", "c"]) == 2
    assert items.at(0.0) == []


def test_more_items_than_fit_into_one_statement_are_switched(engine: Engine) -> None:
    items, many = SqlItemsOff(engine), [f"i{n}" for n in range(1203)]
    items.switch_off([off(each) for each in many])
    assert len(items.at(2.0)) == 1203
    assert items.switch_on(many) == 1203


def log_request(engine: Engine, number: int, at: float, items: list[str]) -> None:
    row = {
        **{"request_id": f"r{number}", "received_at": at, "user_id": "u", "k": 2, "context": {}, "route": "cf"},
        **{"release_id": "r", "slot": "blue", "variant": "default", "degraded": False, "cached": False},
        **{"candidates": [], "scores": [], "items": items, "timings_ms": {}, "cost_usd": 0.0},
    }
    with engine.begin() as db:
        db.execute(insert(requests), row)


def test_impressions_are_counted_once_and_forgotten_when_they_are_old(engine: Engine) -> None:
    shown = ShownItems(engine, HOUR)
    log_request(engine, 1, 100.0, ["a", "b"])
    log_request(engine, 2, 200.0, ["a"])
    assert not shown.catch_up(300.0)
    assert sorted(shown.at_least(1)) == ["a", "b"]
    log_request(engine, 3, 2000.0, ["a"])
    shown.catch_up(2100.0)
    shown.catch_up(2200.0)
    assert shown.at_least(3) == ["a"]
    assert shown.at_least(4) == []
    shown.catch_up(201.0 + HOUR)
    assert (shown.at_least(1), shown.at_least(2)) == (["a"], [])


def test_a_long_log_is_read_in_parts(engine: Engine) -> None:
    shown = ShownItems(engine, HOUR)
    blank = {"user_id": "u", "k": 2, "context": {}, "route": "cf", "release_id": "r", "slot": "blue", "variant": "v"}
    rest = {"degraded": False, "cached": False, "candidates": [], "scores": [], "timings_ms": {}, "cost_usd": 0.0}
    rows = [
        {**blank, **rest, "request_id": f"r{n}", "received_at": 100.0 + n / 100, "items": ["a"]}
        for n in range(PART + 5)
    ]
    with engine.begin() as db:
        db.execute(insert(requests), rows)
    assert shown.catch_up(1000.0)
    assert shown.at_least(PART + 1) == []
    assert not shown.catch_up(1000.0)
    assert shown.at_least(PART + 5) == ["a"]
