"""Counts how often items were shown of late, from the request log, a little at a time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from sqlalchemy import Engine, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import requests

PART = 2_000
"""Requests read at once."""
BUCKETS = 48
"""What has grown too old is dropped in so many steps over the time that counts."""


class ShownItems:
    """Impressions by item over the last `seconds`; rows that come late, with an older time, are not counted."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._read_until = float("-inf")
        self._parts: deque[tuple[float, Counter[str]]] = deque()
        self._total: Counter[str] = Counter()

    def catch_up(self, now: float) -> bool:
        """Reads at most `PART` more requests; whether there may be more to read."""
        self._drop(now - self._seconds)
        since = max(self._read_until, now - self._seconds)
        query = (
            select(requests.c.received_at, requests.c["items"])
            .where(own(requests), requests.c.received_at > since)
            .order_by(requests.c.received_at)
            .limit(PART)
        )
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        for received_at, item_ids in rows:
            self._add(received_at, item_ids)
        return len(rows) == PART

    def at_least(self, times: int) -> list[str]:
        """The ids of the items that were shown so often."""
        return [item_id for item_id, shown in self._total.items() if shown >= times]

    def _add(self, moment: float, item_ids: Iterable[str]) -> None:
        if not self._parts or moment - self._parts[-1][0] > self._seconds / BUCKETS:
            self._parts.append((moment, Counter()))
        self._parts[-1][1].update(item_ids)
        self._total.update(item_ids)
        self._read_until = moment

    def _drop(self, before: float) -> None:
        while self._parts and self._parts[0][0] < before:
            self._total.subtract(self._parts.popleft()[1])
        self._total += Counter()  # without those that are at zero
