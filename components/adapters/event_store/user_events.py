"""Reads what a user did lately, on a read-only connection and off the event loop, within a time budget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, bindparam, select

from components.adapters.event_store.tables import feedback
from components.serving.news import EventsUnread, UserEvent, UserEvents

logger = logging.getLogger("recops.event_store")

BUDGET_SECONDS = 0.02
MAX_EVENTS = 500
"""Of the newest events of a user; a bot's thousandth click says nothing new."""

_NEWEST = (
    select(feedback.c.sequence, feedback.c.item_id, feedback.c.type, feedback.c.value)
    .where(feedback.c.user_id == bindparam("user_id"))
    .order_by(feedback.c.sequence.desc())
    .limit(MAX_EVENTS)
)
_READ_ONLY = {
    "sqlite": "PRAGMA query_only=ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


class UserEventReader:
    """One connection and one thread of its own.

    SQLAlchemy's own execution would take several times as long as the query, so its compiled text goes straight to the
    driver: ~20 µs on SQLite, through the index on (user_id, sequence).

    Args:
        engine: the event store; give it a busy timeout not above the budget.
        budget_seconds: how long `read` waits for the store.
    """

    def __init__(self, engine: Engine, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._engine = engine
        self._budget = budget_seconds
        compiled = _NEWEST.compile(dialect=engine.dialect, compile_kwargs={"render_postcompile": True})
        self._statement = str(compiled)
        self._parameters = dict(compiled.params)
        self._order = compiled.positiontup
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="event-store-reader")
        self._connection: Any = None
        self._late: Future[Sequence[Any]] | None = None

    def open(self, seconds: float) -> None:
        """Opens the store, so that the first user does not wait for it; gives up after `seconds`, harmlessly."""
        future = self._thread.submit(self._query, "")
        try:
            future.result(seconds)
        except TimeoutError:
            self._late = future
        except Exception as error:
            logger.warning("the event store cannot be read yet: %s", error)

    async def read(self, user_id: str) -> UserEvents | EventsUnread:
        """The newest events of a user, oldest first; `EventsUnread` when the store fails or exceeds the budget.

        While a read that exceeded its budget is still under way, nobody waits behind it: further reads fail at once.
        """
        if self._late is not None and not self._late.done():
            return EventsUnread("the event store is still busy with an earlier read")
        self._late = None
        future = self._thread.submit(self._query, user_id)
        try:
            async with asyncio.timeout(self._budget):
                rows = await asyncio.shield(asyncio.wrap_future(future))
        except TimeoutError:
            if not future.cancel():
                self._late = future
            return EventsUnread(f"the event store did not answer within {self._budget * 1000:g} ms")
        except Exception as error:
            logger.warning("events of a user could not be read: %s", error)
            return EventsUnread(f"the event store cannot be read: {error}")
        events = tuple(UserEvent(item_id, kind, value) for _, item_id, kind, value in reversed(rows))
        return UserEvents(events, version=rows[0][0] if rows else 0)

    def close(self) -> None:
        """Ends the thread and lets go of the store; safe to call twice."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _query(self, user_id: str) -> Sequence[Any]:
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
                self._execute(_READ_ONLY[self._engine.dialect.name], ())
            return self._execute(self._statement, self._arguments(user_id))
        except Exception:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.invalidate()
            raise

    def _execute(self, statement: str, arguments: Any) -> Sequence[Any]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement, arguments)
            rows: Sequence[Any] = cursor.fetchall() if cursor.description else ()
            return rows
        finally:
            cursor.close()
            self._connection.rollback()  # the next read sees what was committed since

    def _arguments(self, user_id: str) -> Any:
        values = {**self._parameters, "user_id": user_id}
        return values if self._order is None else tuple([values[name] for name in self._order])
