"""Reads the newest traffic for people who look: each question goes by an index and is bounded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select, union_all

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import SHOWN, feedback, requests

MOST = 50_000
"""What is counted is counted up to here."""


def count_since(engine: Engine, at: float) -> tuple[int, int]:
    """Requests and events that came in since `at` (seconds since 1970), each up to `MOST`."""
    asked = select(requests.c.received_at).where(own(requests), requests.c.received_at >= at).limit(MOST).subquery()
    told = select(feedback.c.received_at).where(own(feedback), feedback.c.received_at >= at).limit(MOST).subquery()
    with reading(engine) as db:
        return tuple(  # type: ignore[return-value]
            int(db.execute(select(func.count()).select_from(rows)).scalar_one()) for rows in (asked, told)
        )


def newest_users(engine: Engine, limit: int) -> list[str]:
    """Who asked last, the latest first."""
    latest = select(requests.c.user_id).where(own(requests)).order_by(requests.c.received_at.desc()).limit(20 * limit)
    with reading(engine) as db:
        return list(dict.fromkeys(db.execute(latest).scalars()))[:limit]


def requests_of(engine: Engine, user_id: str, limit: int) -> list[dict[str, Any]]:
    """The user's latest requests, the latest first, without candidates."""
    wanted = (
        requests.c.request_id,
        requests.c.received_at,
        requests.c.route,
        requests.c.fallback_reason,
        requests.c.release_id,
        requests.c.slot,
        requests.c.variant,
        requests.c["items"],
        requests.c.context,
        requests.c.timings_ms,
        requests.c.cost_usd,
        requests.c.cached,
    )
    mine = select(*wanted).where(requests.c.user_id == user_id)
    with reading(engine) as db:
        return [dict(row) for row in db.execute(mine.order_by(requests.c.received_at.desc()).limit(limit)).mappings()]


def feedback_of(engine: Engine, user_id: str, limit: int) -> list[dict[str, Any]]:
    """What the user did, the latest first."""
    mine = select(feedback).where(feedback.c.user_id == user_id).order_by(feedback.c.sequence.desc()).limit(limit)
    with reading(engine) as db:
        return [dict(row) for row in db.execute(mine).mappings()]


def shown_lately(engine: Engine, item_id: str, lists: int) -> tuple[int, list[dict[str, Any]]]:
    """Of the newest `lists` lists: how many there are, and where the item stood, the latest first."""
    newest = select(requests.c.request_id, requests.c.received_at)
    newest = newest.where(own(requests)).order_by(requests.c.received_at.desc())
    recent = newest.limit(lists).subquery()
    places = union_all(
        *(
            select(shown.c.request_id, shown.c.position, shown.c.user_id, shown.c.source, recent.c.received_at)
            .join(recent, recent.c.request_id == shown.c.request_id)
            .where(shown.c.item_id == item_id)
            for shown in SHOWN
        )
    ).subquery()
    with reading(engine) as db:
        there = int(db.execute(select(func.count()).select_from(recent)).scalar_one())
        return there, [dict(row) for row in db.execute(select(places).order_by(places.c.received_at.desc())).mappings()]
