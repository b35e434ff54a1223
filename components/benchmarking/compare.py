"""Trains, tunes and measures every recommender, the blend and the whole pipeline on one split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from components.benchmarking.full_pipeline import full_pipeline
from components.benchmarking.rows import Quality, measure
from components.benchmarking.tuning import tune
from components.ranking.inner_split import inner_splits
from components.ranking.pipeline import Pipeline
from components.recommenders.events import events_of
from components.recommenders.protocol import FittedRecommender, RecommenderError, Task, TrainingData
from components.recommenders.registry import RECOMMENDERS, kinds_in

ANSWERS = 50
"""Users whose answers are timed."""


@dataclass(frozen=True)
class Meters:
    """Clock in seconds, and the two sides of the memory meter."""

    now: Callable[[], float]
    restart_peak: Callable[[], None]
    peak_megabytes: Callable[[], float]


@dataclass(frozen=True)
class BenchmarkRequest:
    """What is asked for, and how thoroughly.

    Attributes:
        inner: how the training data is cut to choose and learn; like the outer split.
        budget_seconds: for choosing settings; the chosen ones are trained whatever it takes.
        cold_start_threshold: users with fewer training interactions are cold.
    """

    inner: Literal["latest", "random"]
    k: int
    seed: int
    budget_seconds: float
    cold_start_threshold: int


def compare(
    train: TrainingData, wanted: csr_array, config: BenchmarkRequest, meters: Meters, tell: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """One row per recommender as it is ready, then `blend` and `pipeline`; `tell` hears what was left out and why.

    Nothing but the measuring sees `wanted`, the relevant test interactions, (n_users, n_items).
    """
    timed, described = events_of(train).timed, any(train.item_labels)
    task = Task(config.inner == "latest" and timed, timed, described, train.item_vectors is not None, train.repeats)
    split = next(iter(inner_splits(train, config.inner, 1, config.seed)), None)
    grids = {kind: settings.grid(task) for kind, settings in kinds_in(RECOMMENDERS).items()}
    choices = {kind: [setting.build() for setting in grid] for kind, grid in grids.items() if grid}
    tuned = tune(choices, split, config.k, config.seed, config.budget_seconds, meters.now)
    quality = Quality(train, wanted, config.k, config.cold_start_threshold, config.seed)
    for name, choice in tuned.items():
        meters.restart_peak()
        start = meters.now()
        try:
            fitted = choice.recipe.fit(train, config.seed)
        except RecommenderError as error:
            tell(f"{name} is left out: {error}")
            continue
        seconds = meters.now() - start
        yield _row(name, fitted, quality, seconds, meters, choice.n_tried)
    meters.restart_peak()
    start = meters.now()
    best = [choice.recipe.config for choice in tuned.values()]
    whole = Pipeline(full_pipeline(task, best)).fit_reported(train, config.seed)
    seconds = meters.now() - start
    for name, reason in whole.left_out.items():
        tell(f"{name} is not in the pipeline: {reason}")
    yield _row("blend", whole.served.lists_of_blend(), quality, seconds, meters, 0)
    row = _row("pipeline", whole.served, quality, seconds, meters, 0)
    yield {**row, "method": whole.choice.method, "inner_ndcg_at_10": dict(whole.choice.measured)}


def _row(
    name: str, fitted: FittedRecommender, quality: Quality, seconds: float, meters: Meters, n_tried: int
) -> dict[str, Any]:
    peak = meters.peak_megabytes()
    numbers = measure(fitted, quality)
    times = []
    users = np.random.default_rng(0).integers(0, fitted.n_users, ANSWERS)
    for user in users.tolist():
        start = meters.now()
        fitted.top_k(user, quality.k, quality.barred_for(user))
        times.append(meters.now() - start)
    return {
        "model": name,
        **numbers,
        "train_seconds": seconds,
        "answer_ms": float(np.median(times)) * 1000,
        "peak_memory_mb": peak,
        "settings_tried": n_tried,
    }
