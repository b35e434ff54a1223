"""Reads lists that were shown and told of afterwards, with what their users had done before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import feedback, requests

PART = 1_000


@dataclass(frozen=True)
class LoggedEvent:
    """One event: what was done to which item; `value` belongs to ratings."""

    item_id: str
    type: str
    value: float | None


@dataclass(frozen=True)
class LoggedList:
    """One request with its list as it was logged (`row`), and the events that name it.

    `before` holds the latest events of the user from before it, oldest first.
    """

    row: Any
    told: tuple[LoggedEvent, ...]
    before: tuple[LoggedEvent, ...]


def read_shown_lists(engine: Engine, since: float, recent: int) -> Iterator[Sequence[LoggedList]]:
    """Requests with feedback from `since` on, oldest first, some at a time, each with `recent` events from before."""
    with reading(engine) as db:
        shown = (
            select(requests)
            .where(
                own(requests),
                requests.c.received_at >= since,
                requests.c.request_id.in_(select(feedback.c.request_id).where(own(feedback))),
            )
            .order_by(requests.c.received_at)
        )
        for part in db.execute(shown).partitions(PART):
            told = _told(db, [row.request_id for row in part])
            yield [LoggedList(row, tuple(told[row.request_id]), _before(db, row, recent)) for row in part]


def _told(db: Connection, request_ids: Sequence[str]) -> dict[str, list[LoggedEvent]]:
    columns = (feedback.c.request_id, feedback.c.item_id, feedback.c.type, feedback.c.value)
    found: dict[str, list[LoggedEvent]] = defaultdict(list)
    for row in db.execute(select(*columns).where(own(feedback), feedback.c.request_id.in_(request_ids))):
        found[row.request_id].append(LoggedEvent(row.item_id, row.type, row.value))
    return found


def _before(db: Connection, row: Any, recent: int) -> tuple[LoggedEvent, ...]:
    columns = (feedback.c.item_id, feedback.c.type, feedback.c.value)
    earlier = (feedback.c.user_id == row.user_id) & (feedback.c.received_at < row.received_at)
    newest = select(*columns).where(earlier).order_by(feedback.c.sequence.desc()).limit(recent)
    return tuple(LoggedEvent(each.item_id, each.type, each.value) for each in reversed(db.execute(newest).all()))
