"""Deletes what is older than its retention, a bounded number of rows a transaction, so that writers hardly wait."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, Engine, and_, delete, func, select

from components.adapters.store.engine import reading
from components.adapters.store.forgetting import delete_orphans
from components.adapters.store.tables import (
    alert_silences,
    alerts,
    conversations,
    evaluations,
    feedback,
    hourly_rollups,
    impressions,
    llm_calls,
    requests,
    shadow_results,
)
from components.config.retention import RetentionConfig

ROWS_AT_ONCE = 2_000
DAY = 86_400.0
OF_REQUESTS = (llm_calls, shadow_results)
"""Tables that know a user by the request alone: without it `forget_user` cannot find them."""
IN_FLIGHT_SECONDS = 3_600.0
"""What arrived so shortly before the newest feedback that was read may have been committed after the read."""


def prune(engine: Engine, retention: RetentionConfig, now: float, events_read_until: float | None) -> dict[str, int]:
    """Deletes old rows; returns how many by table.

    Feedback that arrived after `events_read_until`, which no data version has read (None: none has read any), stays
    however old it is; `count_unread` says how much that is.
    """
    deleted: dict[str, int] = {}
    if retention.traffic_days is not None:
        before = now - retention.traffic_days * DAY
        for step in (
            lambda db: _delete_requests(db, before),
            lambda db: {shadow_results.name: delete_orphans(db, ROWS_AT_ONCE)},
            lambda db: _delete_oldest(db, llm_calls.c.call_id, llm_calls.c.called_at, before),
        ):
            deleted = _sums(deleted, _in_turns(engine, step))
    expired = _in_turns(
        engine, lambda db: _delete_oldest(db, conversations.c.conversation_id, conversations.c.expires_at, now)
    )
    deleted |= expired
    if retention.feedback_days is not None and events_read_until is not None:
        until = min(now - retention.feedback_days * DAY, events_read_until - IN_FLIGHT_SECONDS)
        deleted |= _in_turns(engine, lambda db: _delete_oldest(db, feedback.c.sequence, feedback.c.received_at, until))
    if retention.records_days is not None:
        records = now - retention.records_days * DAY
        with engine.begin() as db:
            for column in (
                alerts.c.resolved_at,
                alert_silences.c.until,
                evaluations.c.finished_at,
                hourly_rollups.c.hour,
            ):
                deleted[column.table.name] = db.execute(delete(column.table).where(column < records)).rowcount
    return deleted


def count_unread(engine: Engine, retention: RetentionConfig, now: float, events_read_until: float | None) -> int:
    """Feedback that is past its time and stays because no data version has read it."""
    if retention.feedback_days is None:
        return 0
    old = feedback.c.received_at < now - retention.feedback_days * DAY
    unread = and_(old, feedback.c.received_at >= (events_read_until or 0.0) - IN_FLIGHT_SECONDS)
    with reading(engine) as db:
        return int(db.execute(select(func.count()).select_from(feedback).where(unread)).scalar_one())


def _in_turns(engine: Engine, step: Callable[[Connection], dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    while True:
        with engine.begin() as db:
            done = step(db)
        total = _sums(total, done)
        if not any(done.values()):
            return total


def _sums(some: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return some | {name: some.get(name, 0) + count for name, count in more.items()}


def _delete_requests(db: Connection, before: float) -> dict[str, int]:
    """Requests with all that lead to their users through them alone, so that nothing is left to find them by.

    Found by the request, as impressions have no index by time.
    """
    oldest = select(requests.c.request_id).where(requests.c.received_at < before).limit(ROWS_AT_ONCE)
    ids = db.execute(oldest.order_by(requests.c.received_at)).scalars().all()
    return {
        table.name: db.execute(delete(table).where(table.c.request_id.in_(ids))).rowcount if ids else 0
        for table in (*OF_REQUESTS, impressions, requests)
    }


def _delete_oldest(db: Connection, key: Column[object], moment: Column[float], before: float) -> dict[str, int]:
    oldest = select(key).where(moment < before).order_by(moment).limit(ROWS_AT_ONCE)
    keys = db.execute(oldest).scalars().all()
    return {key.table.name: db.execute(delete(key.table).where(key.in_(keys))).rowcount if keys else 0}
