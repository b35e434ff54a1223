"""Reads what a user did from a SQLite file on the event loop's own thread, where that is the cheaper way.

A query takes about 10 µs; handing it to a thread and back costs many times that, and at 16 clients most of the tail of
an answer. In WAL mode a reader waits for nobody, but for rare moments (recovery, a migration), in which SQLite says at
once that it is busy, as no timeout is set. The thread of `UserEventReader`, with its budget, is asked then, and for a
while after a read that was slow, so that a slow disk holds the loop up only once.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.dialects import sqlite

from components.adapters.store.traffic.user_events import Outcome, UserEventReader, events_of, newest_events

logger = logging.getLogger("recops.event_store")

SLOW_SECONDS = 0.005
REST_SECONDS = 30.0


class LocalUserEvents:
    """Asks the file, and `reader` whenever the file is not at hand or was slow lately.

    Args:
        file: the SQLite database.
        reader: answers in the other cases; closed with this object.
        perf_counter: seconds.
    """

    def __init__(self, file: Path, reader: UserEventReader, perf_counter: Callable[[], float]) -> None:
        self._file = file
        self._reader = reader
        self._now = perf_counter
        self._statement, self._arguments = newest_events(sqlite.dialect())
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
            rows = self._query(user_id)
        except sqlite3.Error as error:
            logger.info("events of a user are read in the thread: %s", error)
            self._disconnect()
            return await self._reader.read(user_id)
        end = self._now()
        if end - start > SLOW_SECONDS:
            self._rest_until = end + REST_SECONDS
        return events_of(rows)

    def close(self) -> None:
        """Lets go of the file and closes the reader; safe to call twice."""
        self._closed = True
        self._disconnect()
        self._reader.close()

    def _query(self, user_id: str) -> list[Any]:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._file.absolute().as_uri()}?mode=rw",  # which makes no new file
                uri=True,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,  # whoever closes may be another thread
            )
            self._connection.execute("PRAGMA query_only=ON")
        return self._connection.execute(self._statement, self._arguments(user_id)).fetchall()

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
