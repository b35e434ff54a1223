"""Sums a log by window and group, in one pass over its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.metrics.ranking import ndcg
from components.quality.log import Codes, Floats, Group, K, TrafficArrays
from components.quality.relevance import RequestOutcomes
from components.quality.sketches import bins_of, sketch_of
from components.quality.sums import Sums
from components.quality.window import BUCKETS

Cell = tuple[float, Group]
"""The start of a window, and a group of requests in it."""


@dataclass(frozen=True)
class Facts:
    """What is known of users and items from elsewhere, one entry per code.

    Attributes:
        user_hash, item_hash: stable over runs.
        category: -1 where unknown.
        bits: self-information of the item: -log2 of the share of training users who know it; NaN where unknown.
        last_shown: when the item was last shown before this log, seconds since 1970; NaN for never.
    """

    user_hash: NDArray[np.uint64]
    item_hash: NDArray[np.uint64]
    category: Codes
    bits: Floats
    last_shown: Floats


def request_ndcg(log: TrafficArrays, engagement: RequestOutcomes) -> Floats:
    """NDCG@10 of each request, (n,); 0 without engagement.

    The ideal list holds the user's relevant items of the horizon, at most as many as were asked for and at most ten.
    """
    wanted = np.minimum(engagement.n_relevant, np.minimum(log.k, K))
    return np.nan_to_num(ndcg(engagement.hits, wanted))


def roll_up(
    log: TrafficArrays, engagement: RequestOutcomes, bought_from: Sequence[str], facts: Facts, window_seconds: float
) -> dict[Cell, Sums]:
    """One `Sums` for each window and group that has requests.

    Windows begin at multiples of `window_seconds` since 1970: no overlap and no gap when clocks change.

    Args:
        bought_from: the source of each bought item, in the order of `engagement.bought`.
    """
    window = np.floor(log.at / window_seconds).astype(np.int64)
    keys, cell = np.unique(window * len(log.groups) + log.group, return_inverse=True)
    n = len(keys)
    by_bucket = cell * BUCKETS + (facts.user_hash[log.users] % np.uint64(BUCKETS)).astype(np.int64)

    def per_cell(values: NDArray[np.generic]) -> Floats:
        return np.asarray(np.bincount(cell, values.astype(np.float64), minlength=n), np.float64)

    def per_bucket(values: NDArray[np.generic] | None = None) -> Floats:
        weights = None if values is None else values.astype(np.float64)
        return np.bincount(by_bucket, weights, minlength=n * BUCKETS).reshape(n, BUCKETS).astype(np.float64)

    shown = log.lists >= 0
    length = shown.sum(axis=1)
    category = np.where(shown, facts.category[log.lists], -1)
    bits = np.where(shown, facts.bits[log.lists], np.nan)
    age = _ages(log, facts.last_shown)
    converted = np.zeros(len(log), np.bool_)
    converted[engagement.bought] = True
    engaged = engagement.n_relevant > 0
    sums = {
        "hits": engagement.hits.any(axis=1),
        "impressions": length,
        "clicks": engagement.clicks,
        "converted": converted,
        "categories": _distinct_in_rows(category),
        "lists": (category >= 0).any(axis=1),
        "empty": length == 0,
        "fallback": log.fallback,
        "degraded": log.degraded,
        "cached": log.cached,
        "cost_usd": log.cost_usd,
        "bits": np.nansum(bits, axis=1),
        "known_items": np.isfinite(bits).sum(axis=1),
        "age": np.nansum(age, axis=1),
        "aged": np.isfinite(age).sum(axis=1),
    }
    totals = {name: per_cell(values) for name, values in sums.items()}
    requests, engaged_requests, gain = per_bucket(), per_bucket(engaged), per_bucket(request_ndcg(log, engagement))
    revenue = _revenue(cell, engagement, bought_from, n)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(n + 1))
    found: dict[Cell, Sums] = {}
    for place, key in enumerate(keys.tolist()):
        rows = order[bounds[place] : bounds[place + 1]]
        lists = log.lists[rows]
        start = key // len(log.groups) * window_seconds
        found[start, log.groups[key % len(log.groups)]] = Sums(
            requests=requests[place],
            engaged=engaged_requests[place],
            ndcg=gain[place],
            revenue=revenue[place],
            latency=bins_of(log.total_ms[rows]),
            candidates=bins_of(log.candidates_ms[rows]),
            llm=bins_of(log.llm_ms[rows]),
            items=sketch_of(facts.item_hash[np.unique(lists[lists >= 0])]),
            users=sketch_of(facts.user_hash[np.unique(log.users[rows])]),
            **{name: float(values[place]) for name, values in totals.items()},
        )
    return found


def last_shown(log: TrafficArrays, before: Floats) -> Floats:
    """When each item was last shown, the log included, (n_items,)."""
    latest = before.copy()
    rows, columns = np.nonzero(log.lists >= 0)
    np.fmax.at(latest, log.lists[rows, columns], log.at[rows])
    return latest


def _ages(log: TrafficArrays, before: Floats) -> Floats:
    """Seconds since each shown item was last shown, (n, K); NaN for an item never shown before, and behind a list."""
    ages = np.full(log.lists.shape, np.nan)
    rows, columns = np.nonzero(log.lists >= 0)
    items, at = log.lists[rows, columns], log.at[rows]
    order = np.lexsort((at, items))
    sorted_items, sorted_at = items[order], at[order]
    previous = np.concatenate([[np.nan], sorted_at[:-1]])
    first = np.concatenate([[True], sorted_items[1:] != sorted_items[:-1]])[: len(order)]
    previous = np.where(first, before[sorted_items], previous[: len(order)])
    ages[rows[order], columns[order]] = np.maximum(sorted_at - previous, 0.0)
    return ages


def _distinct_in_rows(codes: Codes) -> NDArray[np.int64]:
    """How many different codes each row has, -1 not counted."""
    ordered = np.sort(codes, axis=1)
    new = np.ones(ordered.shape, np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.asarray((new & (ordered >= 0)).sum(axis=1))


def _revenue(
    cell: NDArray[np.int64], engagement: RequestOutcomes, bought_from: Sequence[str], n: int
) -> list[dict[str, float]]:
    revenue: list[dict[str, float]] = [{} for _ in range(n)]
    for request, spent, source in zip(engagement.bought.tolist(), engagement.spent.tolist(), bought_from, strict=True):
        of_cell = revenue[cell[request]]
        of_cell[source] = of_cell.get(source, 0.0) + spent
    return revenue
