"""Finds the impression that a feedback answers to, however late it came.

A feedback answers to an impression of the same user and item:
- with a `request_id`, to the one of that request, whenever the feedback came;
- without one, to the latest that was really shown before it happened, at most a horizon before.

Of several in one request the highest position counts. A feedback without such an impression came about without us: by
search, by a link, or its impression was dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, Subquery, Table, and_, func, select, union_all

from components.adapters.store.tables import SHOWN, feedback
from components.adapters.store.traffic.simulated import really_shown


def attributed(horizon_seconds: float) -> Subquery:
    """One row per feedback that answers to an impression: `sequence` and the columns of the impression."""
    pairs = union_all(*(pairs for shown in SHOWN for pairs in _pairs(shown, horizon_seconds))).subquery()
    latest_first = (pairs.c.shown_at.desc(), pairs.c.position, pairs.c.request_id)
    place = func.row_number().over(partition_by=pairs.c.sequence, order_by=latest_first).label("place")
    ranked = select(pairs, place).subquery()
    return (
        select(*(column for column in ranked.columns if column.name != "place")).where(ranked.c.place == 1).subquery()
    )


def _pairs(shown: Table, horizon_seconds: float) -> Iterator[Select[tuple[object, ...]]]:
    same = and_(shown.c.user_id == feedback.c.user_id, shown.c.item_id == feedback.c.item_id)
    happened = feedback.c.occurred_at
    pairs = select(feedback.c.sequence, *shown.columns)
    yield pairs.join(shown, and_(shown.c.request_id == feedback.c.request_id, same))
    recent = shown.c.shown_at.between(happened - horizon_seconds, happened)
    yield pairs.join(shown, and_(same, recent)).where(feedback.c.request_id.is_(None), really_shown(shown))
