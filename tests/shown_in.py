"""Impressions for tests, kept in the rows of their requests, or in rows of their own as older releases do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from components.adapters.store.tables import impressions, requests


def keep_shown(db: Connection, rows: Sequence[Mapping[str, Any]], where: Table) -> None:
    """Keeps rows of `impressions` as `where` says, one of `SHOWN`; requests that are not there yet are made."""
    if where is impressions:
        db.execute(insert(impressions), [dict(row) for row in rows])
        return
    lists: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["position"])):
        lists[row["request_id"]].append(row)
    for request_id, places in lists.items():
        assert [row["position"] for row in places] == list(range(1, len(places) + 1)), request_id
        said = {
            "items": [row["item_id"] for row in places],
            "item_sources": [row["source"] for row in places],
            "item_scores": [row.get("score") for row in places],
            "item_propensities": [row.get("propensity", 1.0) for row in places],
        }
        if db.execute(select(requests.c.request_id).where(requests.c.request_id == request_id)).first() is None:
            db.execute(insert(requests).values(**_asked(places[0]), **said))
        else:
            db.execute(update(requests).where(requests.c.request_id == request_id).values(**said))


def _asked(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("request_id", "user_id", "release_id", "variant")
    lists: dict[str, Any] = {"context": {}, "candidates": [], "scores": [], "timings_ms": {}}
    plain = {"k": 10, "route": "cf", "slot": "blue", "degraded": False, "cached": False, "cost_usd": 0.0}
    return {name: row[name] for name in names} | {"received_at": row["shown_at"]} | lists | plain
