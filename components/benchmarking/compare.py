"""Tunes and measures every recommender, the blend and the whole pipeline on one split, within one budget of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from components.benchmarking.asked import Scorer
from components.benchmarking.bounds import RunsBounded, Stopped
from components.benchmarking.full_pipeline import Candidate, Plan, full_pipeline
from components.benchmarking.ranked_now import Spread, rank_now
from components.benchmarking.rows import Quality, measure
from components.benchmarking.tuning import Tuned, only_users, tune
from components.benchmarking.world import ComparedWorld
from components.ranking.inner_split import inner_splits
from components.ranking.pipeline import Pipeline
from components.recommenders.events import events_of
from components.recommenders.needs import Size
from components.recommenders.protocol import RecommenderConfig, Task
from components.recommenders.registry import RECOMMENDERS, kinds_in

ANSWERS = 50
"""Users whose answers are timed."""
SINGLES, OVERTIME = 0.4, 0.5
"""Shares of the budget: for single recommenders, where the rest is the pipeline's, and by which that may run over."""
LEAST_SECONDS, LEAST_OF_PIPELINE = 5.0, 60.0
"""However little of the budget is left."""


@dataclass(frozen=True)
class BenchmarkRequest:
    """What is asked for, and how thoroughly.

    Attributes:
        inner: how the training data is cut to choose and learn; like the outer split.
        budget_seconds: for the whole comparison. With 0 nothing is tuned and each row takes what it takes.
        megabytes, processes: that one model may hold, and that users may be spread over.
        began: when the budget began to run, such as before the data was read; None: when the comparison begins.
        cold_start_threshold: users with fewer training interactions are cold.
    """

    inner: Literal["latest", "random"]
    k: int
    seed: int
    budget_seconds: float
    cold_start_threshold: int
    megabytes: float = 4_000
    processes: int = 1
    began: float | None = None


class _Clock:
    """What of the budget is left, seconds."""

    def __init__(self, budget: float, now: Callable[[], float], began: float | None) -> None:
        self._start, self._budget, self._now = now() if began is None else began, budget, now

    @property
    def limited(self) -> bool:
        return self._budget > 0

    def left(self, share: float = 1.0) -> float:
        return share * self._budget - (self._now() - self._start) if self.limited else float("inf")


def compare(
    world: ComparedWorld,
    config: BenchmarkRequest,
    run: RunsBounded,
    spread: Spread,
    now: Callable[[], float],
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """One row per recommender as it is ready, then `blend` and `pipeline`; `tell` hears what was left out and why.

    Cheap models come first. The pipeline is made of what has been measured, as far as the rest of the budget reaches.
    Models that took too long before it are given what it leaves, and come last. Nothing but the measuring sees what is
    wanted.
    """
    train, clock = world.train, _Clock(config.budget_seconds, now, config.began)
    events = events_of(train)
    in_order = config.inner == "latest" and events.timed
    task = Task(in_order, events.dated, any(train.item_labels), train.item_vectors is not None, train.repeats)
    size = Size.of(train.seen)
    split = world.chosen_by or next(iter(inner_splits(train, config.inner, 1, config.seed)), None)
    quality = Quality(world.known, world.wanted, config.k, config.cold_start_threshold, config.seed)
    grids = {kind: list(settings.grid(task)) for kind, settings in kinds_in(RECOMMENDERS).items()}
    order = sorted((kind for kind in grids if grids[kind]), key=lambda kind: grids[kind][0].needs(size).seconds)
    measured: list[Candidate] = []
    waiting: dict[str, Tuned] = {}
    for place, kind in enumerate(order):
        needs = grids[kind][0].needs(size)
        if needs.megabytes > config.megabytes:
            tell(f"{kind} is left out: it needs {needs.megabytes:,.0f} MB, and may take {config.megabytes:,.0f}")
            continue
        tuned = Tuned(grids[kind][0], None, 0, len(grids[kind]))
        share = clock.left(SINGLES) / (len(order) - place + 1)
        if clock.limited and split is not None:
            tuned = tune(grids[kind], split, config.k, config.seed, run, partial(_until, now() + share, now))
        # What has not been fitted to a part of the data within its share is not worth that of all others.
        seconds = clock.left(SINGLES) if tuned.n_tried or split is None else min(clock.left(SINGLES), 2 * share)
        found = _measured_single(run, tuned, world, quality, config.seed, now, max(seconds, LEAST_SECONDS))
        if isinstance(found, Stopped):
            if found.out_of_time:
                waiting[kind] = tuned
            else:
                tell(f"{kind} is left out: {found.reason}")
            continue
        if clock.limited and tuned.n_tried < tuned.n_settings:
            tell(f"{kind}: the budget cut off {tuned.n_settings - tuned.n_tried} of its {tuned.n_settings} settings")
        measured.append(Candidate(tuned.config, tuned.quality, found["train_seconds"]))
        yield {"model": kind, **found}
    seconds = max(clock.left(), LEAST_OF_PIPELINE)
    n_judged = int((np.diff(world.wanted.indptr) > 0).sum())
    plan = full_pipeline(task, measured, size, n_judged, seconds, config.processes)
    if plan.n_judged < n_judged:
        tell(f"blend and pipeline are judged by {plan.n_judged:,} of {n_judged:,} users, drawn by lot")
    whole = partial(_pipeline_rows, plan, world, quality, spread, now)
    outcome = run(whole, seconds + OVERTIME * config.budget_seconds if clock.limited else seconds)
    if isinstance(outcome, Stopped):
        tell(f"the pipeline is left out: {outcome.reason}")
    else:
        rows, left_out = outcome.value
        for name, reason in left_out.items():
            tell(f"{name} is not in the pipeline: {reason}")
        for row in rows:
            yield {**row, "peak_memory_mb": outcome.peak_mb, "settings_tried": 0}
    for place, (kind, tuned) in enumerate(waiting.items()):
        seconds = clock.left() / (len(waiting) - place)
        found = _measured_single(run, tuned, world, quality, config.seed, now, seconds)
        if isinstance(found, Stopped):
            tell(f"{kind} is left out: {found.reason}")
        else:
            tell(f"{kind} was measured last, with the first of its settings, and is not in the pipeline")
            yield {"model": kind, **found}


def _measured_single(
    run: RunsBounded,
    tuned: Tuned,
    world: ComparedWorld,
    quality: Quality,
    seed: int,
    now: Callable[[], float],
    seconds: float,
) -> dict[str, Any] | Stopped:
    found = run(partial(_fitted_row, tuned.config, world, quality, seed, now), seconds)
    if isinstance(found, Stopped):
        return found
    return {**found.value, "peak_memory_mb": found.peak_mb, "settings_tried": tuned.n_tried}


def _until(stop: float, now: Callable[[], float]) -> float:
    return stop - now()


def _fitted_row(
    config: RecommenderConfig, world: ComparedWorld, quality: Quality, seed: int, now: Callable[[], float]
) -> dict[str, Any]:
    start = now()
    fitted = config.build().fit(world.train, seed)
    return _row(world.asking(fitted), quality, now() - start, now)


def _pipeline_rows(
    plan: Plan, world: ComparedWorld, quality: Quality, spread: Spread, now: Callable[[], float]
) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    start = now()
    learned = Pipeline(plan.config).learn(world.train, quality.seed, chosen_by=world.chosen_by)
    seconds, choice = now() - start, learned.choice
    asked = np.flatnonzero(np.diff(world.wanted.indptr))
    judged = np.sort(np.random.default_rng(quality.seed).permutation(asked)[: plan.n_judged])
    if len(judged) < len(asked):
        quality = replace(quality, wanted=only_users(world.wanted, judged))
    blend = learned.ranker.with_choice(replace(choice, method="blend", ranker=None))
    ranked = rank_now((blend, learned.ranker), world.histories, learned.counts, judged, spread)
    rows = [
        {"model": name, **_row(each, quality, seconds, now)}
        for name, each in zip(("blend", "pipeline"), ranked, strict=True)
    ]
    rows[-1] |= {
        "method": choice.method,
        "inner_ndcg_at_10": dict(choice.measured),
        "generators": [config.model_dump() for config in plan.config.generators],
    }
    return rows, learned.left_out


def _row(fitted: Scorer, quality: Quality, seconds: float, now: Callable[[], float]) -> dict[str, Any]:
    numbers = measure(fitted, quality)
    times = []
    users = np.random.default_rng(0).integers(0, fitted.n_users, ANSWERS)
    for user in users.tolist():
        start = now()
        fitted.top_k(user, quality.k, quality.barred_for(user))
        times.append(now() - start)
    return {**numbers, "train_seconds": seconds, "answer_ms": float(np.median(times)) * 1000}
