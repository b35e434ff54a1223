"""Finds the impression that a feedback answers to, however late it came.

A feedback answers to an impression of the same user and item:
- with a `request_id`, to the one of that request, whenever the feedback came;
- without one, to the latest that was really shown before it happened, at most a horizon before.

Of several in one request the highest position counts. A feedback without such an impression came about without us: by
search, by a link, or its impression was dropped.
"""

from __future__ import annotations

from sqlalchemy import Subquery, and_, func, select, union_all

from components.adapters.store.tables import feedback, impressions
from components.adapters.store.traffic.simulated import really_shown


def attributed(horizon_seconds: float) -> Subquery:
    """One row per feedback that answers to an impression: `sequence` and the columns of the impression."""
    same = and_(impressions.c.user_id == feedback.c.user_id, impressions.c.item_id == feedback.c.item_id)
    happened = feedback.c.occurred_at
    named = select(feedback.c.sequence, *impressions.columns).join(
        impressions, and_(impressions.c.request_id == feedback.c.request_id, same)
    )
    unnamed = (
        select(feedback.c.sequence, *impressions.columns)
        .join(impressions, and_(same, impressions.c.shown_at.between(happened - horizon_seconds, happened)))
        .where(feedback.c.request_id.is_(None), really_shown())
    )
    pairs = union_all(named, unnamed).subquery()
    latest_first = (pairs.c.shown_at.desc(), pairs.c.position, pairs.c.request_id)
    place = func.row_number().over(partition_by=pairs.c.sequence, order_by=latest_first).label("place")
    ranked = select(pairs, place).subquery()
    return (
        select(*(column for column in ranked.columns if column.name != "place")).where(ranked.c.place == 1).subquery()
    )
