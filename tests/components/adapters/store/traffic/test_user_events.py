"""The request path learns what a user did, and never waits for it longer than its budget."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import feedback
from components.adapters.store.traffic.user_events import MAX_EVENTS, UserEventReader
from components.serving.recent_history import EventsUnread, UserEvent, UserEvents

PATIENT = 10.0


@pytest.fixture
def store(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def reader(url: str) -> Iterator[UserEventReader]:
    reader = UserEventReader(open_engine(url), PATIENT)
    yield reader
    reader.close()


def add(store: Engine, user_id: str, item_id: str, value: float | None = None, kind: str = "rating") -> None:
    row = {"user_id": user_id, "item_id": item_id, "type": kind, "value": value, "occurred_at": 0, "received_at": 0}
    with store.begin() as connection:
        connection.execute(feedback.insert().values(event_id=uuid.uuid4().hex, **row))


def read(reader: UserEventReader, user_id: str) -> UserEvents | EventsUnread:
    return asyncio.run(reader.read(user_id))


def test_a_user_without_events_has_version_zero(reader: UserEventReader) -> None:
    assert read(reader, "u") == UserEvents((), version=0)


def test_events_come_oldest_first_and_only_those_of_the_user(reader: UserEventReader, store: Engine) -> None:
    add(store, "u", "a", 5.0)
    add(store, "v", "b", 1.0)
    add(store, "u", "c", kind="click")
    expected = (UserEvent("a", "rating", 5.0), UserEvent("c", "click", None))
    assert read(reader, "u") == UserEvents(expected, version=3)


def test_each_read_sees_what_was_committed_before_it_and_the_version_grows(
    reader: UserEventReader, store: Engine
) -> None:
    versions = []
    for item in ("a", "b", "c"):
        add(store, "u", item)
        found = read(reader, "u")
        assert isinstance(found, UserEvents)
        assert found.events[-1].item_id == item
        versions.append(found.version)
    assert versions == sorted(set(versions))


def test_only_the_newest_events_are_read(reader: UserEventReader, store: Engine) -> None:
    row = {"user_id": "u", "type": "click", "occurred_at": 0, "received_at": 0}
    with store.begin() as connection:
        rows = [{**row, "event_id": str(n), "item_id": str(n)} for n in range(MAX_EVENTS + 5)]
        connection.execute(feedback.insert(), rows)
    found = read(reader, "u")
    assert isinstance(found, UserEvents)
    assert [event.item_id for event in found.events] == [str(n) for n in range(5, MAX_EVENTS + 5)]


def test_events_of_unknown_items_push_none_of_the_others_out(reader: UserEventReader, store: Engine) -> None:
    row = {"user_id": "u", "type": "click", "occurred_at": 0, "received_at": 0}
    add(store, "u", "a", 5.0)
    with store.begin() as connection:
        rows = [{**row, "event_id": str(n), "item_id": f"made up {n}", "unknown_item": True} for n in range(600)]
        connection.execute(feedback.insert(), rows)
    add(store, "u", "b", kind="click")
    found = read(reader, "u")
    assert isinstance(found, UserEvents)
    assert [event.item_id for event in found.events] == ["a", *(f"made up {n}" for n in range(500, 600)), "b"]
    assert found.version == 602


def test_the_query_goes_through_the_index(reader: UserEventReader, store: Engine) -> None:
    if store.dialect.name != "sqlite":
        pytest.skip("SQLite's plan; PostgreSQL's depends on statistics")
    with store.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {reader._statement}", reader._arguments("u")).all()
    searches = [row[-1] for row in plan if "SEARCH" in row[-1] or "SCAN" in row[-1]]
    index = "ix_feedback_user_id_unknown_item_sequence (user_id=? AND unknown_item=?)"
    assert [each for each in searches if "feedback" in each] == [f"SEARCH feedback USING INDEX {index}"] * 2
    assert not any("TEMP B-TREE" in row[-1] for row in plan)


def test_questions_asked_together_are_all_answered(reader: UserEventReader, store: Engine) -> None:
    for user in range(20):
        add(store, str(user), f"item of {user}")

    async def ask_all() -> list[UserEvents | EventsUnread]:
        return await asyncio.gather(*(reader.read(str(user)) for user in range(25)))

    for user, found in enumerate(asyncio.run(ask_all())):
        assert isinstance(found, UserEvents)
        assert [event.item_id for event in found.events] == ([f"item of {user}"] if user < 20 else [])


def test_after_closing_nothing_is_read(reader: UserEventReader) -> None:
    reader.close()
    reader.close()
    assert isinstance(read(reader, "u"), EventsUnread)


def test_a_writer_does_not_hold_a_reader_up(reader: UserEventReader, store: Engine) -> None:
    add(store, "u", "a")
    with store.begin() as connection:
        connection.execute(feedback.delete())
        found = read(reader, "u")
    assert isinstance(found, UserEvents)
    assert len(found.events) == 1


def test_the_connection_cannot_write(reader: UserEventReader) -> None:
    reader._statement, reader._arguments = "DELETE FROM feedback", lambda _: ()
    found = read(reader, "u")
    assert isinstance(found, EventsUnread)
    assert "readonly" in found.reason or "read-only" in found.reason


def test_a_store_without_the_table_is_unread_and_is_read_once_it_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'late.db'}"
    reader = UserEventReader(open_engine(url), PATIENT)
    try:
        assert isinstance(read(reader, "u"), EventsUnread)
        migrate(url)
        assert read(reader, "u") == UserEvents((), version=0)
    finally:
        reader.close()


class SlowStore:
    """Makes every query of an engine wait until `go` is set."""

    def __init__(self, engine: Engine) -> None:
        self.go = threading.Event()
        self.asked = threading.Event()
        event.listen(engine, "connect", self._hold)

    def _hold(self, connection: Any, _record: object) -> None:
        self.asked.set()
        self.go.wait(PATIENT)


def test_a_read_over_its_budget_is_unread_and_nobody_waits_behind_it(url: str) -> None:
    engine = open_engine(url)
    slow = SlowStore(engine)
    reader = UserEventReader(engine, budget_seconds=0.05)

    async def ask_twice() -> tuple[UserEvents | EventsUnread, UserEvents | EventsUnread]:
        return await reader.read("u"), await reader.read("u")

    try:
        first, second = asyncio.run(ask_twice())
        assert slow.asked.is_set()
        assert first == EventsUnread("the event store did not answer within 50 ms")
        assert second == EventsUnread("the event store is still busy with an earlier read")
        slow.go.set()
        reader.open(PATIENT)
        reader._budget = PATIENT
        assert read(reader, "u") == UserEvents((), version=0)
    finally:
        slow.go.set()
        reader.close()


class LateLoop(asyncio.SelectorEventLoop):
    """A loop that hears from other threads only after a while."""

    def call_soon_threadsafe(self, *arguments: Any, **more: Any) -> asyncio.Handle:
        time.sleep(0.2)
        return super().call_soon_threadsafe(*arguments, **more)


def test_an_outcome_that_the_loop_hears_too_late_does_not_stop_later_reads(url: str) -> None:
    reader = UserEventReader(open_engine(url), budget_seconds=0.05)
    reader.open(PATIENT)

    async def ask() -> tuple[UserEvents | EventsUnread, UserEvents | EventsUnread]:
        first = await reader.read("u")
        reader._budget = PATIENT
        return first, await reader.read("u")

    try:
        with asyncio.Runner(loop_factory=LateLoop) as runner:
            late, following = runner.run(ask())
    finally:
        reader.close()
    assert isinstance(late, EventsUnread)
    assert following == UserEvents((), version=0)


def test_an_event_that_is_committed_after_one_with_a_higher_number_changes_the_state(
    reader: UserEventReader, store: Engine
) -> None:
    row = {"user_id": "u", "type": "click", "occurred_at": 0, "received_at": 0}
    with store.begin() as connection:
        connection.execute(feedback.insert().values(sequence=8, event_id="b", item_id="b", **row))
    former = read(reader, "u")
    with store.begin() as connection:
        connection.execute(feedback.insert().values(sequence=7, event_id="a", item_id="a", **row))
    now = read(reader, "u")
    assert isinstance(former, UserEvents)
    assert isinstance(now, UserEvents)
    assert (former.version, now.version) == (8, 8)
    assert former.state != now.state
