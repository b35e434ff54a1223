"""One writer thread per process through which every write of the service goes.

Feedback is acknowledged after the commit that holds it; whatever waits while one commit runs shares the next one.
Request rows are best effort: they are kept in a bounded queue, written every `flush_seconds` in a transaction of their
own, and counted as dropped when the queue is full or the store fails.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from components.adapters.event_store.exposures import ExposureLog
from components.adapters.event_store.tables import feedback, requests

Row = Mapping[str, Any]

logger = logging.getLogger("recops.event_store")

MAX_BATCH_EVENTS = 5_000
MAX_BATCH_REQUESTS = 500


class StoreUnavailable(Exception):
    """The event store did not take the write: nothing of it is stored, and it may be tried again."""


@dataclass(frozen=True)
class FeedbackStored:
    """Outcome of one post: events stored now, and events that were there already (or twice in the post)."""

    accepted: int
    duplicates: int


@dataclass(frozen=True)
class QueueCounts:
    """Request rows since the start."""

    written: int
    dropped: int


@dataclass
class _Post:
    rows: Sequence[Row]
    done: Future[FeedbackStored]


class WriteQueue:
    """Starts its thread at once; `close` drains it.

    Args:
        engine: the event store.
        max_request_rows: request rows kept waiting; further ones are dropped.
        max_events: feedback events kept waiting; further posts are refused.
        flush_seconds: the longest that a request row waits for company.
    """

    def __init__(
        self, engine: Engine, max_request_rows: int = 10_000, max_events: int = 50_000, flush_seconds: float = 0.5
    ) -> None:
        self._engine = engine
        self._max_request_rows = max_request_rows
        self._max_events = max_events
        self._flush_seconds = flush_seconds
        self._posts: deque[_Post] = deque()
        self._waiting_events = 0
        self._requests: deque[Row] = deque()
        self._exposures = ExposureLog()
        self._insert_request = _text_insert(engine, requests, "request_id")
        self._wake = threading.Condition()
        self._closing = False
        self._written = 0
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="event-store-writer", daemon=True)
        self._thread.start()

    async def append_feedback(self, rows: Sequence[Row]) -> FeedbackStored:
        """Stores rows of the feedback table (without `sequence`) in one transaction; returns after its commit.

        Raises:
            StoreUnavailable: the store is locked, gone or full, or the queue is closed or too long.
        """
        post = _Post(rows, Future())
        with self._wake:
            if self._closing or self._waiting_events + len(rows) > self._max_events:
                raise StoreUnavailable("the queue is closed" if self._closing else "too many events are waiting")
            self._posts.append(post)
            self._waiting_events += len(rows)
            self._wake.notify()
        return await asyncio.wrap_future(post.done)

    def log_request(self, row: Row) -> None:
        """Queues one full row of the requests table, its columns of JSON as text; returns at once."""
        if self._closing or len(self._requests) >= self._max_request_rows:
            self._dropped += 1
            return
        self._requests.append(row)

    @property
    def counts(self) -> QueueCounts:
        """Request rows written and dropped so far."""
        return QueueCounts(self._written, self._dropped)

    def close(self, timeout: float = 10.0) -> None:
        """Refuses new writes, writes what waits, ends the thread and lets go of the store; safe to call twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout)
        self._engine.dispose()

    def _run(self) -> None:
        last_flush = time.monotonic()
        while True:
            with self._wake:
                if len(self._requests) < MAX_BATCH_REQUESTS:
                    self._wake.wait_for(lambda: self._posts or self._closing, self._flush_seconds)
                posts = self._take_posts()
                closing = self._closing
            if posts:
                self._write_feedback(posts)
            full = len(self._requests) >= MAX_BATCH_REQUESTS
            if closing or full or time.monotonic() - last_flush >= self._flush_seconds:
                self._write_requests()
                last_flush = time.monotonic()
            if closing and not self._posts and not self._requests:
                return

    def _write_feedback(self, posts: list[_Post]) -> None:
        try:
            with self._engine.begin() as connection:
                outcomes = _insert_feedback(connection, posts)
        except Exception as error:
            for post in posts:
                _fail(post, error)
        else:
            for post, outcome in zip(posts, outcomes, strict=True):
                if post.done.set_running_or_notify_cancel():
                    post.done.set_result(outcome)

    def _write_requests(self) -> None:
        rows = [self._requests.popleft() for _ in range(min(len(self._requests), MAX_BATCH_REQUESTS))]
        if not rows:
            return
        try:
            with self._engine.begin() as connection:
                self._insert_request(connection, rows)
                self._exposures.write(connection, rows)
            self._written += len(rows)
        except Exception:
            logger.exception("%d request rows were not written", len(rows))
            self._dropped += len(rows)

    def _take_posts(self) -> list[_Post]:
        posts: list[_Post] = []
        size = 0
        while self._posts and (not posts or size + len(self._posts[0].rows) <= MAX_BATCH_EVENTS):
            post = self._posts.popleft()
            size += len(post.rows)
            posts.append(post)
        self._waiting_events -= size
        return posts


def _insert_feedback(connection: Connection, posts: Sequence[_Post]) -> list[FeedbackStored]:
    """Inserts the events that are not there yet; the first of several with one `event_id` is the one that counts."""
    first: dict[str, Row] = {}
    for post in posts:
        for row in post.rows:
            first.setdefault(row["event_id"], row)
    statement = _insert_ignoring(connection.dialect.name, feedback, "event_id").returning(feedback.c.event_id)
    new = set(connection.execute(statement, list(first.values())).scalars())
    outcomes = []
    for post in posts:
        accepted = 0
        for row in post.rows:
            if row["event_id"] in new:
                new.remove(row["event_id"])
                accepted += 1
        outcomes.append(FeedbackStored(accepted, len(post.rows) - accepted))
    return outcomes


def _insert_ignoring(dialect: str, table: Table, key: str) -> sqlite.Insert | postgresql.Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])


def _text_insert(engine: Engine, table: Table, key: str) -> Callable[[Connection, Sequence[Row]], None]:
    """An insert that ignores repeats and gives rows to the driver as they are.

    SQLAlchemy's own treatment of parameters would hold the interpreter for milliseconds per batch, and the event loop
    would wait for it.
    """
    names = [column.name for column in table.columns]
    compiled = _insert_ignoring(engine.dialect.name, table, key).compile(dialect=engine.dialect, column_keys=names)
    statement, order = str(compiled), compiled.positiontup

    def insert(connection: Connection, rows: Sequence[Row]) -> None:
        if order is None:
            connection.exec_driver_sql(statement, [dict(row) for row in rows])
        else:
            connection.exec_driver_sql(statement, [tuple([row[name] for name in order]) for row in rows])

    return insert


def _fail(post: _Post, error: Exception) -> None:
    if post.done.set_running_or_notify_cancel():
        refusal = StoreUnavailable(f"the event store did not take the write: {error}")
        refusal.__cause__ = error
        post.done.set_exception(refusal)
