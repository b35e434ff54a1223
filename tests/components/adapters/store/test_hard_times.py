"""A full disk and a locked database: clear errors, and nothing lost that was acknowledged."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, select

from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback
from components.adapters.store.write_queue import FeedbackStored, StoreUnavailable, WriteQueue

LIST = 200


def events(number: int) -> list[dict[str, object]]:
    row = {"request_id": None, "user_id": "1", "item_id": "x" * 200, "type": "click", "value": None}
    return [{**row, "event_id": f"{number}-{n}", "occurred_at": 1.0, "received_at": 2.0} for n in range(LIST)]


def stored_ids(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.execute(select(feedback.c.event_id)).scalars())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(engine: Engine, make_room: Callable[[], None]) -> None:
    """Posts lists until the store is full, then makes room and posts the refused list again."""
    queue = WriteQueue(engine)
    acknowledged: set[str] = set()
    for number in range(200):
        try:
            asyncio.run(queue.append_feedback(events(number)))
        except StoreUnavailable as error:
            assert "full" in str(error)
            break
        acknowledged |= {str(row["event_id"]) for row in events(number)}
    else:
        pytest.fail("the disk did not fill up")
    assert acknowledged
    assert stored_ids(engine) == acknowledged
    make_room()
    assert asyncio.run(queue.append_feedback(events(number))) == FeedbackStored(LIST, 0)
    queue.close()
    assert stored_ids(engine) == acknowledged | {str(row["event_id"]) for row in events(number)}


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_is_lost(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk / 'events.db'}"
    migrate(url)

    def make_room() -> None:
        subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)

    fill(open_engine(url), make_room)


def test_a_database_that_may_not_grow_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """The same error of SQLite as on a full disk, for those who may not mount one."""
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    pages = {"limit": 200}

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages['limit']}")

    def make_room() -> None:
        pages["limit"] = 10_000

    fill(engine, make_room)


@pytest.mark.parametrize("seconds", [0.5, pytest.param(5.0, marks=pytest.mark.slow)])
def test_posts_wait_for_a_lock_and_are_stored_once_it_is_gone(tmp_path: Path, seconds: float) -> None:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    blocker, engine = open_engine(url), open_engine(url, busy_timeout_seconds=10.0)
    queue = WriteQueue(engine)
    locked = threading.Event()

    def hold() -> None:
        with blocker.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
            locked.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(10)
    assert asyncio.run(queue.append_feedback(events(0))) == FeedbackStored(LIST, 0)
    thread.join()
    queue.close()
    assert len(stored_ids(engine)) == LIST
