"""Keeps the ledger of releases in the event store: loads it, asks it, and saves what follows, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from components.adapters.store.engine import reading
from components.adapters.store.releases.ledger_rows import read_ledger, read_routing, release_of, write_ledger
from components.adapters.store.tables import release_states, releases
from components.rollout.ledger import Command, Ledger, UnknownRelease
from components.rollout.ports import StepFailed
from components.rollout.release import Release
from components.rollout.routing import RoutingState
from components.rollout.states import State

T = TypeVar("T")


class SqlReleaseStore:
    """`components.rollout.ports.ReleaseStore` on the event store; `now` gives seconds since 1970."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    def load(self, *release_ids: str) -> Ledger:
        """The ledger as it is now, with these releases beside those that a decision may need."""
        with self._snapshot() as db:
            return read_ledger(db, release_ids)

    def commit(self, command: Command[T]) -> T:
        """Ask the ledger, and keep the one that follows. Nobody else can ask meanwhile.

        Raises:
            LeaseLost: the epoch has moved on.
            IllegalStep: what was asked may not follow.
            StepFailed: the store does not take the write.
        """
        try:
            with self._engine.begin() as db:
                before = read_ledger(db, command.names, for_update=True)
                outcome, after = command.decide(before, self._now())
                write_ledger(db, before, after)
        except DBAPIError as error:
            raise StepFailed(f"the event store does not take the write: {error.orig}") from error
        return outcome

    def routing(self) -> RoutingState:
        """What is live; the empty routing before the first promotion."""
        with self._snapshot() as db:
            return read_routing(db)

    def release(self, release_id: str) -> Release:
        """The release of this id.

        Raises:
            UnknownRelease: there is none.
        """
        with self._snapshot() as db:
            row = db.execute(select(releases).where(releases.c.release_id == release_id)).one_or_none()
        if row is None:
            raise UnknownRelease(release_id)
        return release_of(row)

    def rejected(self) -> list[tuple[Release, str]]:
        """The releases that were rejected, oldest first, and why."""
        this = release_states.c.release_id == releases.c.release_id
        latest = select(release_states.c.reason).where(this).order_by(release_states.c.id.desc()).limit(1)
        query = (
            select(releases, latest.scalar_subquery().label("reason"))
            .where(releases.c.state == State.REJECTED)
            .order_by(releases.c.created_at)
        )
        with self._snapshot() as db:
            return [(release_of(row), row.reason or "") for row in db.execute(query)]

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """All that is read within is of one moment."""
        with reading(self._engine) as db:
            if db.dialect.name == "postgresql":
                db.execution_options(isolation_level="REPEATABLE READ")
            yield db
