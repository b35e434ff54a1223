"""Weeks of simulated history in the event store: whose rows they are, when they lie, and what replaces what."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback, requests, shown_items
from components.adapters.store.traffic.simulated import MARK
from components.config.settings import Settings
from components.simulation.people import SimulatedPerson
from jobs.errors import NothingThereError
from jobs.monitoring.look_back import look_back
from jobs.monitoring.monitor import MonitorRequest, run_monitor
from jobs.simulation.history import WrittenHistory, write_history
from jobs.wiring.workbench import Workbench
from tests.components.simulation.people_worlds import person
from tests.free_ports import free_ports
from tests.live_store import go_live

DAY = 86_400.0
NOW = 1_793_620_800.0  # 2026-11-02 12:00 UTC
ITEMS = [f"{101 + item}" for item in range(30)]
PEOPLE = tuple(person(user, *ITEMS) for user in ("1", "5", "8", "a stranger"))


def write(settings: Settings, seed: int = 1, people: tuple[SimulatedPerson, ...] = PEOPLE) -> WrittenHistory:
    with Workbench(settings) as bench:
        return write_history(bench, people, 4, 600, seed, NOW)


def stored(settings: Settings, table: Any) -> list[Any]:
    with reading(open_engine(settings.store_url)) as db:
        return list(db.execute(select(table)).mappings())


def test_every_row_is_marked_and_lies_in_the_days_before_now(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    written = write(settings)
    asked, shown, told = (stored(settings, table) for table in (requests, shown_items, feedback))
    assert (written.requests, written.start, written.end, written.replaced) == (600, NOW - 4 * DAY, NOW, 0)
    assert len(asked) == 600
    assert len(told) == written.events > written.clicks > 0
    assert sum(row["type"] == "click" for row in told) == written.clicks
    for row in asked:
        assert row["release_id"].startswith(MARK)
        assert written.start <= row["received_at"] < written.end
    assert all(row["release_id"].startswith(MARK) for row in shown)
    ids = {row["request_id"]: row for row in asked}
    listed = {(row["request_id"], row["item_id"]) for row in shown}
    for row in told:
        assert row["event_id"].startswith(MARK)
        assert ids[row["request_id"]]["received_at"] < row["occurred_at"] < written.end
        assert row["received_at"] == row["occurred_at"]
        assert (row["request_id"], row["item_id"]) in listed
        assert ids[row["request_id"]]["user_id"] == row["user_id"]


def test_the_release_changes_in_the_middle_and_people_are_those_who_were_given(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    write(settings)
    asked = stored(settings, requests)
    for row in asked:
        assert row["release_id"] == f"{MARK}{1 if row['received_at'] < NOW - 2 * DAY else 2}"
    assert {row["release_id"] for row in asked} == {f"{MARK}1", f"{MARK}2"}
    assert {row["user_id"] for row in asked} == {each.user_id for each in PEOPLE}


def test_a_second_history_takes_the_place_of_the_first_and_what_is_real_stays(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    real = {"event_id": "e", "user_id": "8", "item_id": "101", "type": "click", "request_id": None}
    with open_engine(settings.store_url).begin() as db:
        db.execute(insert(feedback).values(occurred_at=NOW - DAY, received_at=NOW - DAY, **real))
    first = write(settings)
    events = {row["event_id"] for row in stored(settings, feedback)}
    again = write(settings)
    assert (first.replaced, again.replaced) == (0, 600)
    assert {row["event_id"] for row in stored(settings, feedback)} == events >= {"e"}
    assert write(settings, seed=2).replaced == 600
    assert len(stored(settings, requests)) == 600
    assert {row["event_id"] for row in stored(settings, feedback)} & events == {"e"}


def test_the_same_seed_writes_the_same_history(tmp_path: Path) -> None:
    one, other = (go_live(tmp_path / name) for name in ("one", "other"))
    write(one), write(other)
    for table in (requests, feedback):
        rows = [
            sorted((row["request_id"], row["user_id"], row["received_at"]) for row in stored(each, table))
            for each in (one, other)
        ]
        assert rows[0] == rows[1]


def test_without_a_live_release_nobody_answers_and_nothing_is_written(tmp_path: Path) -> None:
    nothing = Settings(home=tmp_path / "empty")
    migrate(nothing.store_url)
    with pytest.raises(NothingThereError, match="nothing is live"):
        write(nothing)
    assert stored(nothing, requests) == []


def test_each_whole_day_whose_horizon_is_over_is_reported_and_nobody_is_told(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    written = write(settings)
    seen: list[float] = []
    with Workbench(settings) as bench:
        assert bench.params.monitor.horizon_minutes == 24 * 60
        began = time.time()
        # The first day and today are no whole ones, and the horizon of yesterday is not over.
        assert look_back(bench, written.start, written.end, seen.append) == 2
        midnight = NOW - DAY / 2
        assert seen == [midnight - 3 * DAY, midnight - 2 * DAY]
        assert look_back(bench, written.end - DAY, written.end, seen.append) == 0
        assert AlertStore(open_engine(settings.store_url)).since(0.0) == []
        reports = list((settings.root / "monitoring" / "reports").rglob("*.json"))
        assert len([each for each in reports if each.stat().st_mtime >= began - 1]) == 2


def test_a_page_that_has_lost_its_clicks_is_asked_and_tells_nothing(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    with Workbench(settings) as bench:
        written = write_history(bench, PEOPLE, 4, 600, 1, NOW, told=False)
    assert (written.requests, written.clicks, written.events) == (600, 0, 0)
    assert len(stored(settings, requests)) == 600
    assert stored(settings, feedback) == []


@pytest.mark.parametrize("told", [False, True])
def test_days_without_a_click_are_an_incident_at_once_and_days_with_clicks_are_none(tmp_path: Path, told: bool) -> None:
    settings = go_live(tmp_path, prefect_port=free_ports(1)[0])
    with Workbench(settings) as bench:
        write_history(bench, PEOPLE, 3, 3000, 1, NOW, told=told)
        moment = datetime.fromtimestamp(NOW, UTC).isoformat()
        run_monitor(bench, MonitorRequest(moment, 1440.0), lambda _: None)
        opened = {alert.rule: alert.severity for alert in bench.store.alerts.open_alerts()}
    assert opened.get("no_feedback") == (None if told else "critical")
