"""Logs requests best effort: a bounded buffer that the writer thread empties in batches.

`add` is called by the event loop, `write_batch` by the writer thread alone. What finds no room, or meets a store that
fails, is dropped and counted.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass

from sqlalchemy import Engine

from components.adapters.store.experiments.exposures import ExposureLog
from components.adapters.store.fast_inserts import Row, text_insert
from components.adapters.store.tables import requests

logger = logging.getLogger("recops.event_store")

MAX_BATCH = 500


@dataclass(frozen=True)
class LogCounts:
    """Rows of a table since the start."""

    written: int
    dropped: int
    waiting: int


class RequestLog:
    """Requests, and the exposures among them, which share their fate."""

    def __init__(self, engine: Engine, max_requests: int) -> None:
        self._insert = text_insert(engine, requests)
        self._exposures = ExposureLog()
        self._max_requests = max_requests
        self._waiting: deque[Row] = deque()
        self._written = 0
        self._refused = 0
        self._lost = 0

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
        return LogCounts(self._written, self._refused + self._lost, len(self._waiting))

    def add(self, row: Row, closing: bool) -> None:
        """Keeps a request for the next batch, if there is room and the queue is not closing."""
        if closing or len(self._waiting) >= self._max_requests:
            self._refused += 1
        else:
            self._waiting.append(row)

    def write_batch(self, engine: Engine) -> None:
        """Writes at most `MAX_BATCH` requests in one transaction."""
        rows = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        if not rows:
            return
        try:
            with engine.begin() as connection:
                self._insert(connection, rows)
                self._exposures.write(connection, rows)
            self._written += len(rows)
        except Exception:
            logger.exception("%d requests were not logged", len(rows))
            self._lost += len(rows)
