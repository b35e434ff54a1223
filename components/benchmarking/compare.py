"""Tunes and measures every recommender, the blend and the whole pipeline on one split, within one budget of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from components.benchmarking.bounds import Done, Run, RunsBounded, Stopped, alone
from components.benchmarking.full_pipeline import Candidate, Plan, full_pipeline
from components.benchmarking.ranked_now import Spread, rank_now
from components.benchmarking.request import OVERTIME, BenchmarkBudget, BenchmarkRequest
from components.benchmarking.rows import Quality
from components.benchmarking.singles import LATE_SECONDS, Singles, row_of
from components.benchmarking.tuning import Tuned, only_users
from components.benchmarking.world import ComparedWorld
from components.ranking.pipeline import Pipeline
from components.ranking.works import RunsWorks
from components.recommenders.events import events_of
from components.recommenders.needs import Size
from components.recommenders.protocol import RecommenderConfig, RecommenderError, Task
from components.recommenders.registry import RECOMMENDERS, kinds_in

LEAST_OF_PIPELINE = 60.0
"""Seconds, however little of the budget is left."""
MEMORY = 0.7
"""Of what all may hold, that one model may be made to need: there are data beside it."""
KEPT = 0.1
"""Of the budget, at most, for models that have to be measured last."""


def compare(
    world: ComparedWorld,
    config: BenchmarkRequest,
    run: RunsBounded,
    spread: Spread,
    works_of: Callable[[float], RunsWorks],
    now: Callable[[], float],
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """One row per recommender as it is ready, then `blend` and `pipeline`; `tell` hears what was left out and why.

    Cheap models come first, as many at once as there are processes. The pipeline is made of what has been measured, as
    far as the rest of the budget reaches; `works_of` runs its works, each of which may need so many MB. Models that
    took too long before it come last, made as small as what the budget leaves asks for. Nothing but the measuring sees
    what is wanted.

    Raises:
        RecommenderError: nothing takes the data.
    """
    train, clock = world.train, BenchmarkBudget(config.budget_seconds, now, config.began)
    events = events_of(train)
    in_order = config.inner == "latest" and events.timed
    task = Task(in_order, events.dated, any(train.item_labels), train.item_vectors is not None, train.repeats)
    size = Size.of(train.seen)
    quality = Quality(world.known, world.wanted, config.k, config.cold_start_threshold, config.seed)
    grids = {kind: list(settings.grid(task)) for kind, settings in kinds_in(RECOMMENDERS).items()}
    order = sorted((kind for kind in grids if grids[kind]), key=lambda kind: grids[kind][0].needs(size).seconds)
    singles = Singles(world, config, quality, clock, now)
    runs: dict[str, Run] = {}
    for kind in order:
        grid = [each.within(size, float("inf"), MEMORY * config.megabytes) for each in grids[kind]]
        needs = grid[0].needs(size)
        if needs.megabytes > config.megabytes:
            tell(f"{kind} is left out: it needs {needs.megabytes:,.0f} MB, and may take {config.megabytes:,.0f}")
            continue
        if smaller := _differences(grids[kind][0], grid[0]):
            tell(f"{kind} is made {smaller}, to need {needs.megabytes:,.0f} MB")
        runs[kind] = Run(singles.tuned_and_measured(grid, needs, len(order)), needs.megabytes)
    measured: list[Candidate] = []
    waiting: dict[str, Tuned] = {}
    refusals: list[str] = []
    names = list(runs)
    for place, (tuned, found) in run(list(runs.values()), config.processes):
        kind = names[place]
        if isinstance(found, Stopped):
            if found.again:
                waiting[kind] = tuned
            else:
                refusals.append(f"{kind} is left out: {found.reason}")
                tell(refusals[-1])
            continue
        if clock.limited and tuned.n_tried < tuned.n_settings:
            tell(f"{kind}: the budget cut off {tuned.n_settings - tuned.n_tried} of its {tuned.n_settings} settings")
        measured.append(Candidate(tuned.config, tuned.quality, found["train_seconds"]))
        yield {"model": kind, **found}
    kept = min(LATE_SECONDS * len(waiting), KEPT * config.budget_seconds) if clock.limited else 0.0
    seconds = max(clock.left() - kept, LEAST_OF_PIPELINE)
    n_judged = int((np.diff(world.wanted.indptr) > 0).sum())
    # Those that were as quick end in the same order on every machine, so that the pipeline is the same as well.
    measured.sort(key=lambda each: order.index(each.config.kind))
    twice = world.chosen_by is None
    outcome: Done | Stopped = Stopped("no model was measured before it")
    if not measured and not waiting:
        raise RecommenderError(f"no model takes these data: {'; '.join(refusals)}")
    if measured:
        plan = full_pipeline(task, measured, size, n_judged, seconds, config.processes, twice)
        if plan.n_judged < n_judged:
            tell(f"blend and pipeline are judged by {plan.n_judged:,} of {n_judged:,} users, drawn by lot")
        works = works_of(plan.config.needs(size).megabytes)
        whole = partial(_pipeline_rows, plan, world, quality, spread, works, now)
        outcome = alone(run, whole, seconds + OVERTIME * config.budget_seconds if clock.limited else seconds)
    if isinstance(outcome, Stopped):
        tell(f"the pipeline is left out: {outcome.reason}")
    else:
        rows, left_out = outcome.value
        for name, reason in left_out.items():
            tell(f"{name} is not in the pipeline: {reason}")
        for row in rows:
            yield {**row, "peak_memory_mb": outcome.peak_mb, "settings_tried": 0}
    last = sorted(waiting, key=order.index)
    late = [Run(singles.made_smaller(waiting[kind], size, len(last)), runs[kind].megabytes) for kind in last]
    for place, (smaller, found) in run(late, config.processes):
        kind = last[place]
        if isinstance(found, Stopped):
            tell(f"{kind} is left out: {found.reason}")
        else:
            how = _differences(waiting[kind].config, smaller) or "with the first of its settings"
            tell(f"{kind} was measured last, {how}, and is not in the pipeline")
            yield {"model": kind, **found}


def _differences(whole: RecommenderConfig, smaller: RecommenderConfig) -> str:
    """In which settings the latter is smaller."""
    values = smaller.model_dump()
    return ", ".join(
        f"with {name} {values[name]:,} in place of {value:,}"
        for name, value in whole.model_dump().items()
        if value != values[name]
    )


def _pipeline_rows(
    plan: Plan, world: ComparedWorld, quality: Quality, spread: Spread, works: RunsWorks, now: Callable[[], float]
) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    start = now()
    learned = Pipeline(plan.config, works).learn(world.train, quality.seed, chosen_by=world.chosen_by)
    seconds, choice = now() - start, learned.choice
    asked = np.flatnonzero(np.diff(world.wanted.indptr))
    judged = np.sort(np.random.default_rng(quality.seed).permutation(asked)[: plan.n_judged])
    if len(judged) < len(asked):
        quality = replace(quality, wanted=only_users(world.wanted, judged))
    blend = learned.ranker.with_choice(replace(choice, method="blend", ranker=None))
    ranked = rank_now((blend, learned.ranker), world.histories, learned.counts, judged, spread)
    rows = [
        {"model": name, **row_of(each, quality, seconds, now)}
        for name, each in zip(("blend", "pipeline"), ranked, strict=True)
    ]
    rows[-1] |= {
        "method": choice.method,
        "inner_ndcg_at_10": dict(choice.measured),
        "generators": [config.model_dump() for config in plan.config.generators],
    }
    return rows, learned.left_out
