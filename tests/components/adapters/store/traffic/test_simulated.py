"""Simulated rows are marked, replaced as a whole, and neither answer anybody nor enter training unless asked."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine, func, insert, select

from components.adapters.store.engine import open_engine
from components.adapters.store.tables import feedback, hourly_rollups, impressions, requests
from components.adapters.store.traffic.event_rows import read_feedback
from components.adapters.store.traffic.feedback_users import read_users
from components.adapters.store.traffic.rollups import Rollups
from components.adapters.store.traffic.rows import stored_id
from components.adapters.store.traffic.simulated import MARK, SimulatedHistory
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.adapters.store.traffic.user_events import UserEventReader
from components.quality.log import Group, Names
from components.quality.sums import Sums
from tests.components.adapters.store.traffic.test_attribution import did, shown
from tests.monitoring.traffic import add_window

HOUR = 3600.0
GROUP = Group("r", "blue", "default", "cf", "warm", False)


def rows(engine: Engine, table: Any) -> int:
    with engine.connect() as db:
        return int(db.execute(select(func.count()).select_from(table)).scalar_one())


def add(engine: Engine, at: float = 10 * HOUR) -> None:
    """Ten simulated requests, with what was shown and told."""
    add_window(engine, at, HOUR, 10, 0.0, 1, release=f"{MARK}1")
    seen = [{**shown(f"s{n}", "u1", "i00", at + n), "release_id": f"{MARK}1"} for n in range(10)]
    with engine.begin() as db:
        db.execute(insert(impressions), seen)
        db.execute(insert(feedback), [did(f"{MARK}{n}", "u1", "i00", at + n + 1, f"s{n}") for n in range(10)])


def test_what_is_marked_goes_as_a_whole_and_the_rest_stays(engine: Engine) -> None:
    add_window(engine, 20 * HOUR, HOUR, 7, 1.0, 2)
    told = rows(engine, feedback)
    add(engine)
    rollups = Rollups(engine)
    for hour in (5, 10, 20):
        rollups.replace(hour * HOUR, (hour + 1) * HOUR, 0.0, {(hour * HOUR, GROUP): Sums()}, 0.0)
    assert SimulatedHistory(engine).clear() == 10
    assert (rows(engine, requests), rows(engine, feedback), rows(engine, impressions)) == (7, told, 0)
    assert list(rollups.read(0.0, 99 * HOUR, 0.0)) == [(5 * HOUR, GROUP)]  # the others are to be summed anew
    assert SimulatedHistory(engine).clear() == 0
    assert rows(engine, hourly_rollups) == 1


def test_training_reads_what_was_simulated_only_when_asked(engine: Engine) -> None:
    add(engine)
    with engine.begin() as db:
        db.execute(insert(feedback), [did("real", "u1", "i00", 10 * HOUR + 20)])
    real = read_feedback(engine, HOUR)
    assert list(real["event_id"]) == ["real"]
    assert real["propensity"].isna().all()  # a simulated impression has shown it to nobody
    assert len(read_feedback(engine, HOUR, with_simulated=True)) == 11
    assert read_users(engine) == ["u1"]


def test_no_answer_knows_of_what_was_simulated(engine: Engine, url: str) -> None:
    add(engine)
    reader = UserEventReader(open_engine(url), 5.0)

    async def read() -> Any:
        return await reader.read("u1")

    try:
        assert asyncio.run(read()).events == ()
        with engine.begin() as db:
            db.execute(insert(feedback), [did("real", "u1", "i01", 99.0)])
        assert [event.item_id for event in asyncio.run(read()).events] == ["i01"]
    finally:
        reader.close()


def test_monitoring_sees_simulated_requests_and_takes_none_for_a_probe(engine: Engine) -> None:
    add(engine)
    (stretch,) = TrafficLog(engine, 5).read(0.0, 99 * HOUR, HOUR, Names())
    assert (len(stretch.requests), stretch.probes) == (10, 0)


def test_no_client_writes_what_counts_as_simulated(engine: Engine) -> None:
    with engine.begin() as db:
        db.execute(insert(feedback), [did(stored_id(f"{MARK}1", "u1", None), "u1", "i00", 1.0, None)])
    assert len(read_feedback(engine, HOUR)) == 1
    SimulatedHistory(engine).clear()
    assert rows(engine, feedback) == 1
