"""Traffic of a small world in an event store: users ask, and a share of them clicks somewhere in the list."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert, select

from components.adapters.store.tables import feedback, release_states, releases, requests

ITEMS = tuple(f"i{item:02d}" for item in range(30))


def add_window(
    engine: Engine,
    start: float,
    seconds: float,
    n: int,
    click_share: float,
    seed: int,
    release: str = "release-1",
    users: int = 200,
    canary: bool = False,
    cold_share: float = 0.3,
    cold_click_share: float | None = None,
) -> None:
    """`n` requests spread over the window; a click names its request and comes before the next."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for place in range(n):
        user = int(rng.integers(0, users))
        cold = user < users * cold_share
        at = start + seconds * place / n
        shown = [ITEMS[item] for item in rng.permutation(len(ITEMS))[:10]]
        request_id = f"{release}-{start:.0f}-{place}-{seed}"
        rows.append(
            {
                "request_id": request_id,
                "received_at": at,
                "user_id": f"u{user}",
                "k": 10,
                "context": {},
                "route": "popularity" if cold else "cf",
                "release_id": release,
                "slot": "blue",
                "variant": "default",
                "degraded": False,
                "cached": False,
                "candidates": shown,
                "scores": [1.0 - 0.01 * rank for rank in range(10)],
                "items": shown,
                "timings_ms": {"total": 2.0 + rng.random(), "candidates": 1.0},
                "cost_usd": 0.0,
                "n_known": 1 if cold else 20,
                "canary": canary,
            }
        )
        share = cold_click_share if cold and cold_click_share is not None else click_share
        if rng.random() < share:
            events.append(
                {
                    "event_id": f"e-{request_id}",
                    "request_id": request_id,
                    "user_id": f"u{user}",
                    "item_id": shown[min(int(rng.exponential(2)), 9)],
                    "type": "click",
                    "value": None,
                    "occurred_at": at + min(1.0, seconds / n) / 2,
                    "received_at": at + min(1.0, seconds / n) / 2,
                }
            )
    with engine.begin() as connection:
        if rows:
            connection.execute(insert(requests), rows)
        if events:
            connection.execute(insert(feedback), events)


def tell_late(engine: Engine, start: float, seconds: float, n: int, late: float) -> None:
    """The users of the window's first `n` requests click `late` seconds afterwards, and name no request."""
    within = (requests.c.received_at >= start) & (requests.c.received_at < start + seconds)
    with engine.begin() as connection:
        rows = connection.execute(select(requests).where(within).order_by(requests.c.received_at).limit(n)).all()
        events = [
            {
                "event_id": f"late-{row.request_id}",
                "request_id": None,
                "user_id": row.user_id,
                "item_id": row.items[0],
                "type": "click",
                "value": None,
                "occurred_at": row.received_at + late,
                "received_at": row.received_at + late,
            }
            for row in rows
        ]
        if events:
            connection.execute(insert(feedback), events)


def add_release(engine: Engine, release_id: str, live_at: float) -> None:
    """A release that became live."""
    with engine.begin() as connection:
        connection.execute(
            insert(releases).values(
                release_id=release_id,
                created_at=live_at - 60,
                created_by="test",
                bento_tag=f"recops:{release_id}",
                variants=[],
                git_commit="0" * 40,
                git_dirty=False,
                lock_hash="0",
                params_digest="0",
                summary={},
                state="live",
            )
        )
        connection.execute(
            insert(release_states).values(release_id=release_id, state="live", at=live_at, by="test", epoch=1)
        )


def at_multiple(of: float, near: float = 1_790_000_000.0) -> float:
    """A time near `near` at which a window of this length begins."""
    return math.floor(near / of) * of
