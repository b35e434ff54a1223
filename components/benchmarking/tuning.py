"""Chooses among settings by NDCG on a cut, on ever more users and ever fewer settings, as long as the time allows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from components.benchmarking.bounds import BoundedWork, Done, Stopped
from components.metrics.evaluate import evaluate
from components.ranking.inner_split import InnerSplit
from components.recommenders.protocol import RecommenderConfig

FEW, MANY = 1_000, 5_000
"""Users whom all settings are judged by, and the best two."""
FINALISTS = 2


@dataclass(frozen=True)
class Tuned:
    """The best setting found, its NDCG on the cut (None where nothing was measured), and how many were measured."""

    config: RecommenderConfig
    quality: float | None
    n_tried: int
    n_settings: int


def tune(
    grid: Sequence[RecommenderConfig],
    split: InnerSplit,
    k: int,
    seed: int,
    left: Callable[[], float],
) -> Generator[BoundedWork, Done | Stopped, Tuned]:
    """The best setting of `grid` on `split`: the first one where the rest is cut off by `left`, seconds.

    All settings are judged by a few users, then the best two by more, if that many are there (successive halving). A
    setting that refuses the data, or takes more than it may, is passed over.
    """
    few, many = (_asked(split, n, seed) for n in (FEW, MANY))
    quality: dict[int, float] = {}
    for place, config in enumerate(grid):
        found = yield BoundedWork(partial(_quality, config, split, few, k, seed), left())
        if isinstance(found, Done):
            quality[place] = found.value
    best = sorted(quality, key=lambda place: -quality[place])
    if len(best) > 1 and many.nnz > few.nnz:
        again = {}
        for place in best[:FINALISTS]:
            found = yield BoundedWork(partial(_quality, grid[place], split, many, k, seed), left())
            if isinstance(found, Done):
                again[place] = found.value
        if len(again) == FINALISTS:
            quality |= again
            best = sorted(again, key=lambda place: -again[place])
    chosen = best[0] if best else 0
    return Tuned(grid[chosen], quality.get(chosen), len(quality), len(grid))


def _quality(config: RecommenderConfig, split: InnerSplit, wanted: csr_array, k: int, seed: int) -> float:
    fitted = config.build().fit(split.known, seed)
    return float(evaluate(fitted, split.known.seen, wanted, k, split.known.barred).ndcg.mean())


def _asked(split: InnerSplit, n: int, seed: int) -> csr_array:
    """What `n` of the users want that the cut asks about."""
    users = np.flatnonzero(np.diff(split.wanted.indptr))
    chosen = np.random.default_rng(seed).permutation(users)[:n]
    return only_users(split.wanted, chosen)


def only_users(wanted: csr_array, users: NDArray[np.int64]) -> csr_array:
    """The same, with the rows of all others empty."""
    mask = np.zeros(wanted.shape[0], np.float32)
    mask[users] = 1
    few = csr_array(diags_array(mask) @ wanted)
    few.eliminate_zeros()
    return few
