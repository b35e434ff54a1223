"""Events are read from a local file at once, and by the thread whenever the file is not at hand."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import feedback
from components.adapters.store.traffic.local_user_events import REST_SECONDS, LocalUserEvents, user_events
from components.adapters.store.traffic.user_events import UserEventReader
from components.serving.recent_history import EventsUnread, UserEvent, UserEvents

PATIENT = 10.0


class Thread(UserEventReader):
    """The reader in its thread, which counts what it is asked."""

    asked = 0

    async def read(self, user_id: str) -> UserEvents | EventsUnread:
        self.asked += 1
        return await super().read(user_id)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def thread(file: Path) -> Iterator[Thread]:
    thread = Thread(open_engine(f"sqlite:///{file}", PATIENT), PATIENT)
    yield thread
    thread.close()


@pytest.fixture
def store(file: Path) -> Iterator[Engine]:
    migrate(f"sqlite:///{file}")
    engine = open_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def local(file: Path, thread: Thread) -> Iterator[LocalUserEvents]:
    local = LocalUserEvents(file, thread, lambda: 0.0)
    yield local
    local.close()


def click(store: Engine, user_id: str, item_id: str, unknown_item: bool = False) -> None:
    row: dict[str, object] = {"user_id": user_id, "item_id": item_id, "type": "click", "unknown_item": unknown_item}
    row |= {"occurred_at": 0, "received_at": 0}
    with store.begin() as connection:
        connection.execute(feedback.insert().values(event_id=uuid.uuid4().hex, **row))


def read(local: LocalUserEvents, user_id: str = "u") -> UserEvents | EventsUnread:
    return asyncio.run(local.read(user_id))


def test_a_local_file_is_read_without_the_thread_and_sees_every_commit(
    store: Engine, local: LocalUserEvents, thread: Thread
) -> None:
    assert read(local) == UserEvents((), version=0)
    click(store, "u", "a")
    click(store, "v", "b")
    assert read(local) == UserEvents((UserEvent("a", "click", None),), version=1)
    click(store, "u", "c")
    assert read(local) == UserEvents((UserEvent("a", "click", None), UserEvent("c", "click", None)), version=3)
    assert thread.asked == 0


def test_a_writer_does_not_hold_a_read_up(store: Engine, local: LocalUserEvents, thread: Thread) -> None:
    click(store, "u", "a")
    with store.begin() as connection:
        connection.execute(feedback.delete())
        assert read(local) == UserEvents((UserEvent("a", "click", None),), version=1)
    assert read(local) == UserEvents((), version=0)
    assert thread.asked == 0


def test_the_connection_cannot_write(store: Engine, local: LocalUserEvents) -> None:
    click(store, "u", "a")
    local._statement = "DELETE FROM feedback WHERE user_id = ?1 OR ?2"
    read(local)
    local._statement = "SELECT sequence, item_id, type, value FROM feedback WHERE ?1 = ?1 LIMIT ?2"
    assert read(local) == UserEvents((UserEvent("a", "click", None),), version=1)


def test_a_locked_file_is_left_to_the_thread_which_waits(store: Engine, local: LocalUserEvents, thread: Thread) -> None:
    click(store, "u", "a")
    lock = sqlite3.connect(store.url.database or "", isolation_level=None)
    store.dispose()
    lock.execute("PRAGMA locking_mode=EXCLUSIVE")
    lock.execute("BEGIN IMMEDIATE")

    async def read_while_locked() -> UserEvents | EventsUnread:
        answer = asyncio.create_task(local.read("u"))
        await asyncio.sleep(0.05)
        lock.close()
        return await answer

    assert asyncio.run(read_while_locked()) == UserEvents((UserEvent("a", "click", None),), version=1)
    assert thread.asked == 1


def test_a_slow_read_is_the_last_one_here_for_a_while(store: Engine, file: Path, thread: Thread) -> None:
    clock = itertools.chain([0.0, 0.02], [1.0, REST_SECONDS], [REST_SECONDS + 1, REST_SECONDS + 1])
    waits = itertools.count()
    local = LocalUserEvents(file, thread, lambda: next(clock), lambda: next(waits))
    asked = []
    for _ in range(4):
        assert read(local) == UserEvents((), version=0)
        asked.append(thread.asked)
    local.close()
    assert asked == [0, 1, 2, 2]


def test_a_read_that_took_long_without_waiting_for_the_disk_is_no_reason_to_rest(
    store: Engine, file: Path, thread: Thread
) -> None:
    clock = itertools.count(0.0, 1.0)
    local = LocalUserEvents(file, thread, lambda: next(clock), lambda: 7)
    for _ in range(4):
        read(local)
    local.close()
    assert thread.asked == 0


def test_what_a_user_did_is_read_once_until_they_do_more_or_are_forgotten(
    store: Engine, local: LocalUserEvents
) -> None:
    click(store, "u", "a")
    once = read(local)
    assert read(local) is once
    click(store, "v", "b")
    assert read(local) is once
    click(store, "u", "c")
    more = read(local)
    assert isinstance(more, UserEvents)
    assert [each.item_id for each in more.events] == ["a", "c"]
    assert read(local) is more
    local.forget("u")
    assert read(local) is not more
    assert read(local) == more
    with store.begin() as connection:
        connection.execute(feedback.delete())
    assert read(local) == UserEvents((), version=0)


def test_an_event_of_an_unknown_item_is_news_too(store: Engine, local: LocalUserEvents) -> None:
    click(store, "u", "a")
    read(local)
    click(store, "u", "new", unknown_item=True)
    found = read(local)
    assert isinstance(found, UserEvents)
    assert [each.item_id for each in found.events] == ["a", "new"]


def test_a_store_that_is_not_there_is_not_made_and_is_read_once_it_is(
    file: Path, local: LocalUserEvents, thread: Thread
) -> None:
    with pytest.raises(sqlite3.OperationalError):
        local._look_up("u")
    assert not file.exists()
    assert isinstance(read(local), EventsUnread)
    migrate(f"sqlite:///{file}")
    assert read(local) == UserEvents((), version=0)
    assert thread.asked == 1


def test_after_closing_nothing_is_read(store: Engine, local: LocalUserEvents) -> None:
    read(local)
    local.close()
    local.close()
    assert isinstance(read(local), EventsUnread)


@pytest.mark.parametrize("url", ["postgresql+psycopg://host/recops", "sqlite://", "sqlite:///:memory:"])
def test_only_a_file_is_read_on_the_event_loop(url: str, thread: Thread) -> None:
    assert user_events(url, thread, lambda: 0.0) is thread
