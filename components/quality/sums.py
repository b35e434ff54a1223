"""Everything that is known of a group of requests in a window, as sums that add up over groups and windows."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.quality.sketches import BITS, Bitmap
from components.quality.window import BUCKETS

Values = NDArray[np.float64]


def _buckets() -> Values:
    return np.zeros(BUCKETS)


def _bitmap() -> Bitmap:
    return np.zeros(BITS // 8, np.uint8)


@dataclass(frozen=True)
class Sums:
    """Counts and sums; each field says over what.

    Attributes:
        requests, engaged, ndcg: per bucket of users: requests, those with a relevant item in the horizon, and their
            NDCG@10, (BUCKETS,). A request without engagement has NDCG 0.
        hits: requests with a relevant item in the list.
        impressions, clicks: items shown, and those of them clicked.
        converted, revenue: requests followed by a purchase from the list, and what was spent, by source of the item.
        categories: different categories in each list, summed over `lists`, the lists that are not empty.
        bits: self-information of the items shown, summed over `known_items`, those that training knows.
        age: seconds since an item shown was last shown, summed over `aged`, those shown before.
        latency, candidates, llm: times of requests and of two stages, by bin.
        items, users: sketches of which were shown and who asked.
    """

    requests: Values = field(default_factory=_buckets)
    engaged: Values = field(default_factory=_buckets)
    ndcg: Values = field(default_factory=_buckets)
    hits: float = 0.0
    impressions: float = 0.0
    clicks: float = 0.0
    converted: float = 0.0
    revenue: Mapping[str, float] = field(default_factory=dict)
    categories: float = 0.0
    lists: float = 0.0
    empty: float = 0.0
    fallback: float = 0.0
    degraded: float = 0.0
    cached: float = 0.0
    cost_usd: float = 0.0
    bits: float = 0.0
    known_items: float = 0.0
    age: float = 0.0
    aged: float = 0.0
    latency: Mapping[int, int] = field(default_factory=dict)
    candidates: Mapping[int, int] = field(default_factory=dict)
    llm: Mapping[int, int] = field(default_factory=dict)
    items: Bitmap = field(default_factory=_bitmap)
    users: Bitmap = field(default_factory=_bitmap)


_PER_BUCKET = ("requests", "engaged", "ndcg")
_SKETCHES = ("items", "users")
_BY_KEY = ("revenue", "latency", "candidates", "llm")


def add_up(parts: Iterable[Sums]) -> Sums:
    """All parts together; zeros for none."""
    listed = list(parts)
    total: dict[str, Any] = {}
    for name in (each.name for each in fields(Sums)):
        values = [getattr(part, name) for part in listed]
        if name in _PER_BUCKET:
            total[name] = np.sum([_buckets(), *values], axis=0)
        elif name in _SKETCHES:
            total[name] = np.bitwise_or.reduce([_bitmap(), *values])
        elif name in _BY_KEY:
            counted: Counter[Any] = Counter()
            for value in values:
                counted.update(value)
            total[name] = dict(counted)
        else:
            total[name] = float(sum(values))
    return Sums(**total)


def to_json(sums: Sums) -> dict[str, Any]:
    """As plain values; what is zero is left out."""
    plain: dict[str, Any] = {}
    for name in (each.name for each in fields(Sums)):
        value = getattr(sums, name)
        if name in _PER_BUCKET:
            plain[name] = [round(number, 6) for number in value.tolist()]
        elif name in _SKETCHES:
            plain[name] = base64.b64encode(value.tobytes()).decode()
        elif name in _BY_KEY:
            plain[name] = {str(key): count for key, count in value.items()}
        elif value:
            plain[name] = value
    return plain


def from_json(plain: Mapping[str, Any]) -> Sums:
    """What `to_json` made."""
    values: dict[str, Any] = dict(plain)
    for name in _PER_BUCKET:
        values[name] = np.array(plain[name], np.float64)
    for name in _SKETCHES:
        values[name] = np.frombuffer(base64.b64decode(plain[name]), np.uint8)
    for name in _BY_KEY:
        key_of = str if name == "revenue" else int
        values[name] = {key_of(key): count for key, count in plain[name].items()}
    return Sums(**values)
