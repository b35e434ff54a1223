"""Reads what a user did from a SQLite file on the event loop's own thread, where that is the cheaper way.

A query takes about 10 µs; handing it to a thread and back costs many times that, and at 16 clients most of the tail of
an answer. In WAL mode a reader waits for nobody, but for rare moments (recovery, a migration), in which SQLite says at
once that it is busy, as no timeout is set. The thread of `UserEventReader`, with its budget, is asked then, and for a
while after a read that waited for the disk, so that a slow one holds the loop up only once. A read that took long for
want of the processor is no reason: the thread would get no more of it.

Five hundred events take half a millisecond to read. So those of the users who came last are kept, and only the number
of the newest one is asked for.
"""

from __future__ import annotations

import logging
import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cachetools import LRUCache
from sqlalchemy import make_url
from sqlalchemy.dialects import sqlite

from components.adapters.store.traffic.user_events import Outcome, UserEventReader, events_of, newest_events
from components.serving.recent_history import NO_EVENTS, UserEvents

logger = logging.getLogger("recops.event_store")

SLOW_SECONDS = 0.005
REST_SECONDS = 30.0
KEPT_EVENTS = 20_000
"""Of all users together, about 4 MB."""


def blocks_read() -> int:
    """How often this thread has waited for a disk so far."""
    used = resource.getrusage(resource.RUSAGE_THREAD if hasattr(resource, "RUSAGE_THREAD") else resource.RUSAGE_SELF)
    return used.ru_inblock


class LocalUserEvents:
    """Asks the file, and `reader` whenever the file is not at hand or was slow lately.

    Args:
        file: the SQLite database.
        reader: answers in the other cases; closed with this object.
        perf_counter: seconds.
        waits: how often the calling thread has waited for the disk.
    """

    def __init__(
        self,
        file: Path,
        reader: UserEventReader,
        perf_counter: Callable[[], float],
        waits: Callable[[], int] = blocks_read,
    ) -> None:
        self._file = file
        self._reader = reader
        self._now = perf_counter
        self._waits = waits
        self._statement, self._arguments = newest_events(sqlite.dialect())
        self._last_statement, self._last_arguments = newest_events(sqlite.dialect(), 1, 1)
        self._kept: LRUCache[str, UserEvents] = LRUCache(KEPT_EVENTS, getsizeof=lambda kept: len(kept.events) + 1)
        self._waited = 0
        self._connection: sqlite3.Connection | None = None
        self._rest_until = float("-inf")
        self._closed = False

    def open(self, seconds: float) -> None:
        """As `UserEventReader.open`."""
        self._reader.open(seconds)

    async def read(self, user_id: str) -> Outcome:
        """As `UserEventReader.read`."""
        start = self._now()
        if self._closed or start < self._rest_until:
            return await self._reader.read(user_id)
        try:
            found = self._look_up(user_id)
        except sqlite3.Error as error:
            logger.info("events of a user are read in the thread: %s", error)
            self._disconnect()
            return await self._reader.read(user_id)
        end = self._now()
        if end - start > SLOW_SECONDS and (waited := self._waits()) > self._waited:
            self._waited = waited
            self._rest_until = end + REST_SECONDS
        return found

    def forget(self, user_id: str) -> None:
        """Keeps nothing of this user any more."""
        self._kept.pop(user_id, None)

    def close(self) -> None:
        """Lets go of the file and closes the reader; safe to call twice."""
        self._closed = True
        self._disconnect()
        self._reader.close()

    def _look_up(self, user_id: str) -> UserEvents:
        newest = events_of(self._query(self._last_statement, self._last_arguments(user_id)))
        kept = self._kept.get(user_id, NO_EVENTS)
        if newest.version != kept.version:
            kept = self._kept[user_id] = events_of(self._query(self._statement, self._arguments(user_id)))
        return kept

    def _query(self, statement: str, arguments: Any) -> list[Any]:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._file.absolute().as_uri()}?mode=rw",  # which makes no new file
                uri=True,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,  # whoever closes may be another thread
            )
            self._connection.execute("PRAGMA query_only=ON")
            self._waited = self._waits()
        return self._connection.execute(statement, arguments).fetchall()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def user_events(
    url: str, reader: UserEventReader, perf_counter: Callable[[], float]
) -> UserEventReader | LocalUserEvents:
    """The cheapest way to read events from the store at `url`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return reader
    return LocalUserEvents(Path(parsed.database), reader, perf_counter)
