"""Logs requests best effort, with what they showed: a bounded buffer that the writer thread empties in batches.

`add` is called by the event loop, `write_batch` by the writer thread alone. What finds no room, or meets a store that
fails, is dropped and counted.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from components.adapters.store.experiments.exposures import ExposureLog
from components.adapters.store.fast_inserts import Row, json_insert, text_insert
from components.adapters.store.tables import impressions, requests

logger = logging.getLogger("recops.event_store")

MAX_BATCH = 500
ROOM_FOR_SHOWN = 20
"""Items shown that may wait for each request that may; most lists are shorter."""

ShownRow = Sequence[Any]
"""One value per column of the impressions table, in its order."""


@dataclass(frozen=True)
class LogCounts:
    """Rows of a table since the start."""

    written: int
    dropped: int
    waiting: int


class RequestLog:
    """Requests with the items that they showed and the exposures among them, which share their fate."""

    def __init__(self, engine: Engine, max_requests: int) -> None:
        self._insert_request = text_insert(engine, requests)
        self._insert_shown = json_insert(engine, impressions)
        self._exposures = ExposureLog()
        self._max_requests = max_requests
        self._waiting: deque[tuple[Row, Sequence[ShownRow]]] = deque()
        self._written = [0, 0]  # requests, items shown
        self._refused = [0, 0]
        self._lost = [0, 0]
        self._shown_added = 0

    @property
    def waiting(self) -> int:
        """Requests that are not written yet."""
        return len(self._waiting)

    @property
    def has_full_batch(self) -> bool:
        """Whether it should be written now."""
        return len(self._waiting) >= MAX_BATCH

    @property
    def counts(self) -> LogCounts:
        """What became of the requests so far."""
        return LogCounts(self._written[0], self._refused[0] + self._lost[0], len(self._waiting))

    @property
    def shown_counts(self) -> LogCounts:
        """What became of the items shown so far."""
        return LogCounts(self._written[1], self._refused[1] + self._lost[1], self._shown_waiting)

    @property
    def _shown_waiting(self) -> int:
        return self._shown_added - self._written[1] - self._lost[1]

    def add(self, row: Row, shown: Sequence[ShownRow], closing: bool) -> None:
        """Keeps a request for the next batch, if there is room and the queue is not closing."""
        full = len(self._waiting) >= self._max_requests
        if closing or full or self._shown_waiting + len(shown) > ROOM_FOR_SHOWN * self._max_requests:
            self._refused[0] += 1
            self._refused[1] += len(shown)
            return
        self._shown_added += len(shown)
        self._waiting.append((row, shown))

    def write_batch(self, engine: Engine) -> None:
        """Writes at most `MAX_BATCH` requests, with what they showed, in one transaction."""
        entries = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        if not entries:
            return
        request_rows = [row for row, _ in entries]
        shown = [row for _, rows in entries for row in rows]
        try:
            with engine.begin() as connection:
                self._insert_request(connection, request_rows)
                self._exposures.write(connection, request_rows)
                if shown:
                    self._insert_shown(connection, shown)
            fate = self._written
        except Exception:
            logger.exception("%d requests were not logged", len(entries))
            fate = self._lost
        fate[0] += len(entries)
        fate[1] += len(shown)
