"""Reads from the event store what was shown at positions that were open to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, and_, func, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import feedback, impressions, requests


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
    clicks = (
        select(feedback.c.request_id, feedback.c.item_id, func.count().label("n"))
        .where(feedback.c.type == "click", feedback.c.request_id.is_not(None))
        .group_by(feedback.c.request_id, feedback.c.item_id)
        .subquery()
    )
    query = (
        select(
            requests.c.request_id,
            requests.c.user_id,
            requests.c.explored_position,
            requests.c.k,
            requests.c.candidates,
            requests.c.scores,
            impressions.c.item_id,
            impressions.c.propensity,
            clicks.c.n,
        )
        .join(
            impressions,
            and_(
                impressions.c.request_id == requests.c.request_id,
                impressions.c.position == requests.c.explored_position,
            ),
        )
        .outerjoin(
            clicks,
            and_(clicks.c.request_id == requests.c.request_id, clicks.c.item_id == impressions.c.item_id),
        )
        .where(
            requests.c.explored_position.is_not(None),
            requests.c.received_at >= since,
            requests.c.received_at <= until,
            requests.c.canary.is_(False),
        )
        .order_by(requests.c.received_at)
    )
    if release_id is not None:
        query = query.where(requests.c.release_id == release_id)
    with reading(engine) as db:
        rows = db.execute(query).all()
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
        for row in rows
    ]
