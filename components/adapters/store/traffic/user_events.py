"""Reads what a user did lately, on a read-only connection and off the event loop, within a time budget."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Dialect, Engine, Select, bindparam, literal_column, select, union_all

from components.adapters.store.tables import feedback
from components.adapters.store.traffic.simulated import really_told
from components.serving.recent_history import NO_EVENTS, EventsUnread, UserEvent, UserEvents

logger = logging.getLogger("recops.event_store")

BUDGET_SECONDS = 0.02
MAX_EVENTS = 500
"""Of the newest events of a user; a bot's thousandth click says nothing new."""
MAX_UNKNOWN_EVENTS = 100
"""Besides, of those whose item the release did not know when they came: they wait for a catalogue that does."""

Outcome = UserEvents | EventsUnread


def _newest(unknown: bool, limit: int) -> Select[Any]:
    columns = (feedback.c.sequence, feedback.c.item_id, feedback.c.type, feedback.c.value, feedback.c.occurred_at)
    mine = select(*columns).where(feedback.c.user_id == bindparam("user_id"), really_told())
    # Spelled out: SQLite takes neither "IS 0" nor a bare column to its index.
    fits = feedback.c.unknown_item == literal_column("true" if unknown else "false")
    newest = mine.where(fits).order_by(feedback.c.sequence.desc()).limit(limit).subquery()
    return select(newest)


_SEQUENCE = itemgetter(0)
_READ_ONLY = {
    "sqlite": "PRAGMA query_only=ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


def newest_events(
    dialect: Dialect, most: int = MAX_EVENTS, most_unknown: int = MAX_UNKNOWN_EVENTS
) -> tuple[str, Callable[[str], Any]]:
    """The query for a user's newest events as the driver takes it, and its parameters for a user."""
    newest = union_all(_newest(unknown=False, limit=most), _newest(unknown=True, limit=most_unknown))
    compiled = newest.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    parameters, order = dict(compiled.params), compiled.positiontup

    def arguments(user_id: str) -> Any:
        values = {**parameters, "user_id": user_id}
        return values if order is None else tuple([values[name] for name in order])

    return str(compiled), arguments


def events_of(rows: Sequence[Any]) -> UserEvents:
    """What the query's rows say."""
    if not rows:
        return NO_EVENTS
    oldest_first = sorted(rows, key=_SEQUENCE)
    events = tuple([UserEvent(item_id, kind, value, float(when)) for _, item_id, kind, value, when in oldest_first])
    return UserEvents(events, version=oldest_first[-1][0])


@dataclass(slots=True)
class _Question:
    """Who wants to know about whom; without a loop the future is one for threads. `over` once the thread is done."""

    user_id: str
    answer: Any
    loop: asyncio.AbstractEventLoop | None
    over: bool = False


class UserEventReader:
    """One connection and one thread of its own.

    Questions that come while one is being answered are answered together, as every change between the thread and the
    event loop costs more than a query. SQLAlchemy's own execution would take several times as long as well, so its
    compiled text goes straight to the driver: about 10 µs on SQLite, through the index on (user_id, sequence).

    Args:
        engine: the event store; give it a busy timeout not above the budget.
        budget_seconds: how long `read` waits for the store.
    """

    def __init__(self, engine: Engine, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._engine = engine
        self._budget = budget_seconds
        self._statement, self._arguments = newest_events(engine.dialect)
        self._questions: SimpleQueue[_Question | None] = SimpleQueue()
        self._connection: Any = None
        self._late: _Question | None = None  # the last one that exceeded its budget
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="event-store-reader", daemon=True)
        self._thread.start()

    def open(self, seconds: float) -> None:
        """Opens the store, so that the first user does not wait for it; gives up after `seconds`, harmlessly."""
        opened: Future[Outcome] = Future()
        question = _Question("", opened, None)
        self._questions.put(question)
        try:
            opened.result(seconds)
        except TimeoutError:
            self._late = question

    async def read(self, user_id: str) -> Outcome:
        """The newest events of a user, oldest first; `EventsUnread` when the store fails or exceeds the budget.

        While a read that exceeded its budget is still under way, nobody waits behind it: further reads fail at once.
        """
        if self._closed or (self._late is not None and not self._late.over):
            return EventsUnread("the event store is still busy with an earlier read")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()
        question = _Question(user_id, answer, loop)
        alarm = loop.call_later(self._budget, self._give_up, question)
        self._questions.put(question)
        try:
            return await answer
        finally:
            alarm.cancel()

    def forget(self, user_id: str) -> None:
        """Nothing is kept of anybody."""

    def close(self) -> None:
        """Ends the thread once it is free and lets go of the store; safe to call twice."""
        self._closed = True
        self._questions.put(None)
        self._thread.join(self._budget)

    def _give_up(self, question: _Question) -> None:
        """The thread may be done just now, with its outcome on the way: then nothing is under way any more."""
        if not question.answer.done():
            self._late = question
            question.answer.set_result(
                EventsUnread(f"the event store did not answer within {self._budget * 1000:g} ms")
            )

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            questions = [question]
            while True:
                try:
                    more = self._questions.get_nowait()
                except Empty:
                    break
                if more is None:
                    self._questions.put(None)
                    break
                questions.append(more)
            outcomes = [self._ask(each.user_id) for each in questions]
            for each in questions:
                each.over = True
            _deliver(questions, outcomes)
        self._disconnect()
        self._engine.dispose()

    def _ask(self, user_id: str) -> Outcome:
        try:
            rows = self._query(self._statement, self._arguments(user_id))
        except Exception as error:
            logger.warning("events of a user could not be read: %s", error)
            self._disconnect()
            return EventsUnread(f"the event store cannot be read: {error}")
        return events_of(rows)

    def _query(self, statement: str, arguments: Any) -> Sequence[Any]:
        """Runs in the thread, on a transaction of its own, so that it sees what was committed before."""
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            cursor = self._connection.driver_connection.cursor()
            cursor.execute(_READ_ONLY[self._engine.dialect.name])
            self._connection.driver_connection.commit()
        driver = self._connection.driver_connection
        cursor = driver.cursor()
        cursor.execute(statement, arguments)
        rows: Sequence[Any] = cursor.fetchall()
        driver.rollback()
        return rows

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()


def _deliver(questions: Sequence[_Question], outcomes: Sequence[Outcome]) -> None:
    """Hands the outcomes over, to each event loop in one go."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Outcome]]] = defaultdict(list)
    for question, outcome in zip(questions, outcomes, strict=True):
        if question.loop is None:
            question.answer.set_result(outcome)
        else:
            by_loop[question.loop].append((question.answer, outcome))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_results, pairs)
        except RuntimeError:  # the loop has ended meanwhile, and nobody waits
            logger.debug("nobody waits for %d reads any more", len(pairs))


def _set_results(pairs: Sequence[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for answer, outcome in pairs:
        if not answer.done():
            answer.set_result(outcome)
