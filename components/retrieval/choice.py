"""Decides whether the exact path or an index serves, from measured recall and measured time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.config.index import IndexConfig
from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import AnnoyIndex, build_index
from components.retrieval.by_length import ByLength
from components.retrieval.indexed_factors import IndexedFactors

REPEATS = 3
CLEARLY_FASTER = 1.5
"""How many times faster an index must be; less is within what timing varies, and exact loses nothing."""

LARGE, FAR_FASTER = 300_000, 5.0
"""From so many items on Annoy, which takes minutes and much memory, is not built where the search by length, which
loses nothing, is so many times as fast as scoring every item."""

NOTHING = np.empty(0, np.int32)


class IndexRefused(Exception):
    """The approximate index is asked for, and recalls less than params allow."""


@dataclass(frozen=True)
class IndexChoice:
    """What was chosen, and the measurements that led there.

    Attributes:
        recall: share of the exact best `index.recall_at` items that Annoy finds, mean over users; None where it was not
            built.
        annoy_ms, length_ms, exact_ms: time of one answer, milliseconds; None as above.
    """

    kind: Literal["exact", "annoy", "length"]
    recall: float | None
    annoy_ms: float | None
    length_ms: float
    exact_ms: float
    reason: str


def choose_index(
    factors: FittedFactors,
    sample_users: NDArray[np.integer],
    config: IndexConfig,
    path: Path,
    now: Callable[[], float],
    large: int = LARGE,
) -> IndexChoice:
    """Build an approximate index at `path`, measure it and the search by length on `sample_users`, and choose.

    `now` returns seconds and is read around every answer. The index stays at `path` whatever is chosen. Of a `large`
    catalogue it is built where it is asked for, or where the search by length is not `FAR_FASTER`.

    Raises:
        IndexRefused: `config.kind` asks for the approximate index, and its recall is below `config.min_recall`.
    """
    by_length = IndexedFactors(factors, ByLength(factors), 0)
    if factors.n_items >= large and config.kind != "annoy":
        length_ms, exact_ms = _milliseconds((by_length, factors), sample_users, config.recall_at, now)
        if length_ms * FAR_FASTER <= exact_ms and config.kind != "exact":
            reason = f"exact {exact_ms:.2f} ms, by length {length_ms:.2f} ms, annoy is not built for so many items"
            return IndexChoice("length", None, None, length_ms, exact_ms, reason)
    build_index(path, factors.item_factors, config.trees, config.seed)
    approximate = IndexedFactors(factors, AnnoyIndex(path, factors.n_columns), config.search_k)
    recall = measure_recall(approximate, sample_users, config.recall_at)
    ways = (approximate, by_length, factors)
    annoy_ms, length_ms, exact_ms = _milliseconds(ways, sample_users, config.recall_at, now)
    return decide(recall, annoy_ms, length_ms, exact_ms, config)


def decide(recall: float, annoy_ms: float, length_ms: float, exact_ms: float, config: IndexConfig) -> IndexChoice:
    """The choice that these measurements lead to, unless `config.kind` insists on one; see `choose_index`.

    The fastest serves that recalls enough, if it is `CLEARLY_FASTER` than scoring every item.
    """
    numbers = (
        f"exact {exact_ms:.2f} ms, by length {length_ms:.2f} ms, annoy {annoy_ms:.2f} ms at "
        f"recall@{config.recall_at} {recall:.3f}"
    )
    kind: Literal["exact", "annoy", "length"]
    if config.kind == "auto":
        able = {"length": length_ms} | ({"annoy": annoy_ms} if recall >= config.min_recall else {})
        fastest: Literal["annoy", "length"] = "annoy" if min(able, key=lambda each: able[each]) == "annoy" else "length"
        clearly = able[fastest] * CLEARLY_FASTER <= exact_ms
        kind = fastest if clearly else "exact"
        reason = f"{fastest} is{'' if clearly else ' not'} {CLEARLY_FASTER} times as fast as exact"
    else:
        kind, reason = config.kind, "index.kind asks for it"
    if kind == "annoy":
        check_recall(recall, config)
    return IndexChoice(kind, recall, annoy_ms, length_ms, exact_ms, f"{reason}: {numbers}")


def build_checked_index(factors: FittedFactors, config: IndexConfig, path: Path) -> float:
    """Build the index of a bundle at `path` and return its recall on `config.sample_users` users.

    Raises:
        IndexRefused: the recall is below `config.min_recall`.
    """
    build_index(path, factors.item_factors, config.trees, config.seed)
    approximate = IndexedFactors(factors, AnnoyIndex(path, factors.n_columns), config.search_k)
    recall = measure_recall(approximate, sample_rows(factors.n_users, config), config.recall_at)
    check_recall(recall, config)
    return recall


def check_recall(recall: float, config: IndexConfig) -> None:
    """Raises IndexRefused when `recall` is below the bar."""
    if recall < config.min_recall:
        raise IndexRefused(
            f"the index's recall@{config.recall_at} is {recall:.3f}, below index.min_recall {config.min_recall}; "
            "raise index.trees or index.search_k"
        )


def sample_rows(n_users: int, config: IndexConfig) -> NDArray[np.int64]:
    """The user rows to measure on, ascending: `config.sample_users` drawn with `config.seed`, or all if fewer."""
    rng = np.random.default_rng(config.seed)
    return np.sort(rng.choice(n_users, min(config.sample_users, n_users), replace=False))


def measure_recall(approximate: IndexedFactors, users: NDArray[np.integer], k: int) -> float:
    """Share of the exact best `k` items that the index finds, mean over `users`; `k` is capped at the catalogue.

    The index itself is asked: `top_k` would hide a short answer by falling back to the exact path.
    """
    exact = approximate.factors
    k = min(k, exact.n_items)
    found = [approximate.index.nearest(exact.user_factors[user], k, approximate.effort) for user in users]
    right = [exact.top_k(user, k, NOTHING).items for user in users.tolist()]
    return float(np.mean([len(np.intersect1d(*pair)) / k for pair in zip(found, right, strict=True)]))


def _milliseconds(
    ways: Sequence[IndexedFactors | FittedFactors], users: NDArray[np.integer], k: int, now: Callable[[], float]
) -> list[float]:
    """Time of one answer of each way: the best of `REPEATS` for each user, median over users.

    The ways take turns, and the best of several counts, so that a busy machine does not decide between them.
    """
    times = np.full((len(ways), len(users), REPEATS), np.inf)
    for repeat in range(REPEATS):
        for column, user in enumerate(users.tolist()):
            for row, way in enumerate(ways):
                start = now()
                way.top_k(user, k, NOTHING)
                times[row, column, repeat] = now() - start
    medians: list[float] = (np.median(times.min(axis=2), axis=1) * 1000).tolist()
    return medians
