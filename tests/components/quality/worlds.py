"""Small logs, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.quality.log import KINDS, FeedbackLog, Group, K, TrafficArrays
from components.quality.roll_up import Facts

GROUP = Group("release-1", "blue", "default", "cf", "warm", False)


def make_requests(
    rows: Sequence[tuple[float, int, Sequence[int]]], groups: Sequence[Group] | None = None, k: int = K
) -> TrafficArrays:
    """Requests of (time, user, items); each in its own group of `groups`, or all in one."""
    n = len(rows)
    names = list(dict.fromkeys(groups)) if groups else [GROUP]
    lists = np.full((n, K), -1, np.int32)
    for place, (_, _, items) in enumerate(rows):
        lists[place, : len(items)] = items
    return TrafficArrays(
        groups=tuple(names),
        ids=np.array([f"r{place}" for place in range(n)], object),
        at=np.array([row[0] for row in rows], np.float64),
        users=np.array([row[1] for row in rows], np.int32),
        k=np.full(n, k, np.int32),
        group=np.array([names.index(each) for each in groups] if groups else [0] * n, np.int32),
        lists=lists,
        fallback=np.zeros(n, np.bool_),
        degraded=np.zeros(n, np.bool_),
        cached=np.zeros(n, np.bool_),
        cost_usd=np.zeros(n),
        total_ms=np.full(n, 2.0),
        candidates_ms=np.full(n, 1.0),
        llm_ms=np.full(n, np.nan),
    )


def make_feedback(rows: Sequence[tuple[float, int, int, str, float | None, int | None]]) -> FeedbackLog:
    """Events of (time, user, item, type, value, place of the request they name)."""
    return FeedbackLog(
        at=np.array([row[0] for row in rows], np.float64),
        users=np.array([row[1] for row in rows], np.int32),
        items=np.array([row[2] for row in rows], np.int32),
        request=np.array([-1 if row[5] is None else row[5] for row in rows], np.int64),
        named=np.array([row[5] is not None for row in rows], np.bool_),
        kind=np.array([KINDS[row[3]] for row in rows], np.int32),
        value=np.array([np.nan if row[4] is None else row[4] for row in rows], np.float64),
    )


def make_facts(n_users: int, n_items: int, categories: Sequence[int] | None = None) -> Facts:
    """Users and items whose hashes are their codes; every item is known to half of the users."""
    return Facts(
        user_hash=np.arange(n_users, dtype=np.uint64),
        item_hash=np.arange(n_items, dtype=np.uint64),
        category=np.array(categories if categories is not None else [0] * n_items, np.int32),
        bits=np.ones(n_items),
        last_shown=np.full(n_items, np.nan),
    )
