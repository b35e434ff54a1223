"""One writer thread per process through which every write of the service goes.

Feedback is acknowledged after the commit that holds it; whatever waits while one commit runs shares the next one.
All else is best effort (request_log.py beside this file): written every `flush_seconds`, bounded, and counted as
dropped when there is too much of it or the store fails.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from components.adapters.store.fast_inserts import Row, insert_ignoring
from components.adapters.store.tables import feedback, requests
from components.adapters.store.traffic.request_log import LogCounts, RequestLog

logger = logging.getLogger("recops.event_store")

MAX_BATCH_EVENTS = 5_000


class StoreUnavailable(Exception):
    """The event store did not take the write: nothing of it is stored, and it may be tried again."""


@dataclass(frozen=True)
class FeedbackStored:
    """Outcome of one post: events stored now, and events that were there already (or twice in the post)."""

    accepted: int
    duplicates: int


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
        self._max_events = max_events
        self._flush_seconds = flush_seconds
        self._posts: deque[_Post] = deque()
        self._waiting_events = 0
        self._requests = RequestLog(engine, max_request_rows)
        self._wake = threading.Condition()
        self._closing = False
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
        self._requests.add(row, closing=self._closing)

    @property
    def counts(self) -> Mapping[str, LogCounts]:
        """Best-effort rows by table: written, dropped and waiting."""
        return {requests.name: self._requests.counts}

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
                if not self._requests.has_full_batch:
                    self._wake.wait_for(lambda: self._posts or self._closing, self._flush_seconds)
                posts = self._take_posts()
                closing = self._closing
            if posts:
                self._write_feedback(posts)
            if closing or self._requests.has_full_batch or time.monotonic() - last_flush >= self._flush_seconds:
                self._requests.write_batch(self._engine)
                last_flush = time.monotonic()
            if closing and not self._posts and not self._requests.waiting:
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
    statement = insert_ignoring(connection.dialect.name, feedback, ["event_id"]).returning(feedback.c.event_id)
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


def _fail(post: _Post, error: Exception) -> None:
    if post.done.set_running_or_notify_cancel():
        refusal = StoreUnavailable(f"the event store did not take the write: {error}")
        refusal.__cause__ = error
        post.done.set_exception(refusal)
