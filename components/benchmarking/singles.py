"""The rows of single recommenders: each tuned and measured within its share of the budget, or made smaller for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from components.benchmarking.asked import Scorer
from components.benchmarking.bounds import BoundedWork, Steps, Stopped
from components.benchmarking.request import OVERTIME, SINGLES, BenchmarkBudget, BenchmarkRequest
from components.benchmarking.rows import Quality, measure
from components.benchmarking.tuning import Tuned, tune
from components.benchmarking.world import ComparedWorld
from components.ranking.inner_split import InnerSplit, inner_splits
from components.recommenders.needs import Needs, Size
from components.recommenders.protocol import RecommenderConfig

ANSWERS = 50
"""Users whose answers are timed."""
LEAST_SECONDS = 5.0
"""For a model, however little of the budget is left."""
HOPELESS = 5.0
"""Shares of the budget that a model would have to take, by what it says, not to be begun."""
LATE_SECONDS = 10.0
"""For a model that is measured last."""
WITHIN = 0.5
"""Of the seconds that such a model has: what it says that it takes is right within a factor of a few."""


@dataclass
class Singles:
    """What each kind alone is run for; those that have begun have taken their share of the budget."""

    world: ComparedWorld
    config: BenchmarkRequest
    quality: Quality
    clock: BenchmarkBudget
    now: Callable[[], float]
    n_begun: int = 0
    n_late: int = 0

    def tuned_and_measured(self, grid: Sequence[RecommenderConfig], needs: Needs, n_kinds: int) -> Steps:
        """The best setting that its share of the budget finds, and the row of it, or why there is none.

        What says that it takes many times its share is not begun.
        """
        n_left, clock, now = n_kinds - self.n_begun, self.clock, self.now
        self.n_begun += 1
        tuned = Tuned(grid[0], None, 0, len(grid))
        share = min(self.config.processes, n_left) * clock.left(SINGLES) / (n_left + 1)
        split = self._split
        if clock.limited and needs.seconds > HOPELESS * max(share, LEAST_SECONDS):
            return tuned, Stopped("it takes longer than its share of the budget", again=True)
        if clock.limited and split is not None:
            stop = now() + share
            tuned = yield from tune(grid, split, self.config.k, self.config.seed, lambda: stop - now())
        # What has not been fitted to a part of the data within its share is not worth that of all others.
        seconds = clock.left(SINGLES) if tuned.n_tried or split is None else min(clock.left(SINGLES), 2 * share)
        return tuned, (yield from self._row_of(tuned, max(seconds, LEAST_SECONDS)))

    def made_smaller(self, tuned: Tuned, size: Size, n_late: int) -> Steps:
        """The settings that were measured, and the row of them, or why there is none."""
        n_left = n_late - self.n_late
        self.n_late += 1
        left = self.clock.left()
        seconds = max(left * min(self.config.processes, n_left) / n_left, LATE_SECONDS)
        seconds = max(min(seconds, left + OVERTIME * self.config.budget_seconds), LEAST_SECONDS)
        smaller = tuned.config.within(size, WITHIN * seconds)
        return smaller, (yield from self._row_of(replace(tuned, config=smaller), seconds))

    def _row_of(self, tuned: Tuned, seconds: float) -> Steps:
        work = partial(_fitted_row, tuned.config, self.world, self.quality, self.config.seed, self.now)
        found = yield BoundedWork(work, seconds)
        if isinstance(found, Stopped):
            return found
        return {**found.value, "peak_memory_mb": found.peak_mb, "settings_tried": tuned.n_tried}

    @cached_property
    def _split(self) -> InnerSplit | None:
        """What settings are chosen by."""
        kind, seed = self.config.inner, self.config.seed
        return self.world.chosen_by or next(iter(inner_splits(self.world.train, kind, 1, seed)), None)


def _fitted_row(
    config: RecommenderConfig, world: ComparedWorld, quality: Quality, seed: int, now: Callable[[], float]
) -> dict[str, Any]:
    start = now()
    fitted = config.build().fit(world.train, seed)
    return row_of(world.asking(fitted), quality, now() - start, now)


def row_of(fitted: Scorer, quality: Quality, seconds: float, now: Callable[[], float]) -> dict[str, Any]:
    """The numbers of `measure`, how long training took, and how long one answer does."""
    numbers = measure(fitted, quality)
    times = []
    users = np.random.default_rng(0).integers(0, fitted.n_users, ANSWERS)
    for user in users.tolist():
        start = now()
        fitted.top_k(user, quality.k, quality.barred_for(user))
        times.append(now() - start)
    return {**numbers, "train_seconds": seconds, "answer_ms": float(np.median(times)) * 1000}
