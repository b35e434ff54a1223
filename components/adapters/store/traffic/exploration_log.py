"""Reads from the event store what was shown at positions that were open to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, Table, and_, func, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import SHOWN, feedback, requests


@dataclass(frozen=True)
class OpenPosition:
    """One list with an open position.

    Attributes:
        position: from 0.
        item_id: what stood there, with probability `propensity`.
        clicked: whether it was clicked.
        k: length that was asked for.
        candidates, scores: what the list was cut from, best first.
    """

    request_id: str
    user_id: str
    position: int
    item_id: str
    propensity: float
    clicked: bool
    k: int
    candidates: Sequence[str]
    scores: Sequence[float]


def read_open_positions(engine: Engine, since: float, until: float, release_id: str | None) -> list[OpenPosition]:
    """All of them between two moments (seconds since 1970), of one release or of all; cached answers are none."""
    with reading(engine) as db:
        rows = [row for shown in SHOWN for row in db.execute(_open_positions(shown, since, until, release_id))]
    return [
        OpenPosition(
            request_id=row.request_id,
            user_id=row.user_id,
            position=row.explored_position - 1,
            item_id=row.item_id,
            propensity=row.propensity,
            clicked=bool(row.n),
            k=row.k,
            candidates=row.candidates,
            scores=row.scores,
        )
        for row in sorted(rows, key=lambda row: float(row.received_at))
    ]


def _open_positions(shown: Table, since: float, until: float, release_id: str | None) -> Select[Any]:
    """Those whose impression is in `shown`."""
    clicks = (
        select(feedback.c.request_id, feedback.c.item_id, func.count().label("n"))
        .where(own(feedback), feedback.c.type == "click", feedback.c.request_id.is_not(None))
        .group_by(feedback.c.request_id, feedback.c.item_id)
        .subquery()
    )
    there = and_(shown.c.request_id == requests.c.request_id, shown.c.position == requests.c.explored_position)
    clicked = and_(clicks.c.request_id == requests.c.request_id, clicks.c.item_id == shown.c.item_id)
    query = (
        select(
            requests.c.request_id,
            requests.c.received_at,
            requests.c.user_id,
            requests.c.explored_position,
            requests.c.k,
            requests.c.candidates,
            requests.c.scores,
            shown.c.item_id,
            shown.c.propensity,
            clicks.c.n,
        )
        .join(shown, there)
        .outerjoin(clicks, clicked)
        .where(
            own(requests),
            requests.c.explored_position.is_not(None),
            requests.c.received_at >= since,
            requests.c.received_at <= until,
            requests.c.canary.is_(False),
        )
    )
    return query if release_id is None else query.where(requests.c.release_id == release_id)
