"""Writes history that was simulated, marked as such, and takes it out again.

Requests, with their impressions, are marked by their release, feedback by its event id: both begin with `simulated-`.
Marked feedback counts for no answer, and enters a data version only where that is asked for; marked requests are seen
by monitoring like all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Engine, Table, delete, insert, select

from components.adapters.store.fast_inserts import Row, text_insert
from components.adapters.store.tables import feedback, hourly_rollups, impressions, requests

MARK = "simulated-"
ROWS_AT_ONCE = 2_000
HOUR = 3600.0


def really_told() -> ColumnElement[bool]:
    """What people told who exist."""
    return feedback.c.event_id.not_like(f"{MARK}%")


def really_shown(shown: Table) -> ColumnElement[bool]:
    """What was shown to people who exist, of one of `SHOWN`."""
    return shown.c.release_id.not_like(f"{MARK}%")


class SimulatedHistory:
    """The marked rows of an event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert_requests = text_insert(engine, requests)

    def add(self, asked: Sequence[Row], told: Sequence[Mapping[str, object]]) -> None:
        """Keep requests and what was told of them in one transaction; the rows are marked."""
        with self._engine.begin() as db:
            if asked:
                self._insert_requests(db, asked)
            if told:
                db.execute(insert(feedback), [dict(row) for row in told])

    def clear(self) -> int:
        """Take all marked rows out, a bounded number a transaction; returns how many requests those were."""
        gone = 0
        with self._engine.connect() as db:
            first = db.execute(
                select(requests.c.received_at)
                .where(requests.c.release_id.like(f"{MARK}%"))
                .order_by(requests.c.received_at)
                .limit(1)
            ).scalar()
        for table, key, marked in (
            (impressions, impressions.c.request_id, impressions.c.release_id),
            (requests, requests.c.request_id, requests.c.release_id),
            (feedback, feedback.c.sequence, feedback.c.event_id),
        ):
            while True:
                with self._engine.begin() as db:
                    found = db.execute(select(key).where(marked.like(f"{MARK}%")).distinct().limit(ROWS_AT_ONCE))
                    keys = found.scalars().all()
                    if keys:
                        db.execute(delete(table).where(key.in_(keys)))
                gone += len(keys) if table is requests else 0
                if not keys:
                    break
        if first is not None:
            self.forget_hours(first)
        return gone

    def forget_hours(self, since: float) -> None:
        """Drop the sums of all hours from `since` on, whose requests have changed; the next monitor run makes them."""
        with self._engine.begin() as db:
            db.execute(delete(hourly_rollups).where(hourly_rollups.c.hour >= since // HOUR * HOUR))
