"""Traffic of an experiment, written into an event store as services would, with a known effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert

from components.adapters.store.tables import exposures, feedback, requests
from components.experiments.declaration import Declaration, parse_declaration

START = 1_800_000_000.0
DAY = 86_400.0
ITEMS = tuple(f"i{n}" for n in range(10))


def declaration(**changes: Any) -> Declaration:
    """An experiment with two variants, read sequentially on clicks per impression."""
    value = {
        "name": "exp-1",
        "variants": [
            {"name": "control", "share": 0.5},
            {"name": "varied", "share": 0.5, "policy": {"routing.diversity.strength": 0.3}},
        ],
        "primary": "ctr",
        "test": "sequential",
        "minimum_effect": {"size": 0.1},
        "baseline": {"mean": 0.1, "std": 0.1, "users_per_day": 2_000},
    }
    return parse_declaration({**value, **changes}, "test")


def request_row(request_id: str, user_id: str, at: float, variant: str, **changes: Any) -> dict[str, Any]:
    """A row of the table requests in experiment exp-1."""
    return {
        "request_id": request_id,
        "received_at": at,
        "user_id": user_id,
        "k": 10,
        "context": {},
        "route": "cf",
        "fallback_reason": None,
        "release_id": "release-1",
        "slot": "blue",
        "variant": variant,
        "degraded": False,
        "cached": False,
        "candidates": [],
        "scores": [],
        "items": list(ITEMS),
        "timings_ms": {"total": 2.0},
        "cost_usd": 0.0,
        "experiments": {"exp-1": variant},
        "n_known": 20,
        "canary": False,
        **changes,
    }


def event_row(user_id: str, item_id: str, at: float, request_id: str | None, **changes: Any) -> dict[str, Any]:
    """A row of the table feedback: a click."""
    return {
        "event_id": f"{request_id}/{item_id}/{changes.get('type', 'click')}/{at}",
        "request_id": request_id,
        "user_id": user_id,
        "item_id": item_id,
        "type": "click",
        "value": None,
        "occurred_at": at,
        "received_at": at,
        **changes,
    }


def exposure_row(user_id: str, variant: str, at: float, **changes: Any) -> dict[str, Any]:
    """A row of the table exposures."""
    return {
        "experiment_id": "exp-1",
        "user_id": user_id,
        "variant": variant,
        "first_at": at,
        "release_id": "release-1",
        "request_id": None,
        "n_known": 20,
        **changes,
    }


def write(
    engine: Engine,
    asked: Sequence[Mapping[str, Any]] = (),
    did: Sequence[Mapping[str, Any]] = (),
    exposed: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Put the rows in."""
    with engine.begin() as db:
        for table, rows in ((requests, asked), (feedback, did), (exposures, exposed)):
            if rows:
                db.execute(insert(table), [dict(row) for row in rows])


def write_traffic(
    engine: Engine, users: int, treatment_share: float, click_rates: tuple[float, float], seed: int = 0
) -> None:
    """Each user asks once or twice, and clicks each of 10 items with the rate of their variant, times their taste."""
    rng = np.random.default_rng(seed)
    treated = rng.random(users) < treatment_share
    asked, did, exposed = [], [], []
    for user in range(users):
        variant, rate = ("varied", click_rates[1]) if treated[user] else ("control", click_rates[0])
        at = START + float(rng.random()) * 13 * DAY
        taste = float(rng.uniform(0.5, 1.5))
        exposed.append(exposure_row(f"u{user}", variant, at, n_known=int(rng.integers(0, 12))))
        for turn in range(int(rng.integers(1, 3))):
            request_id = f"r{user}-{turn}"
            asked.append(request_row(request_id, f"u{user}", at + 60 * turn, variant))
            for place in np.flatnonzero(rng.random(10) < rate * taste):
                did.append(event_row(f"u{user}", ITEMS[place], at + 60 * turn + 5, request_id))
    write(engine, asked, did, exposed)
