"""Compares every recommender on a data set, cut by a protocol, and what a language model adds on the same cut."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from components.adapters.machine.bounded_run import bounded_run, spread_over
from components.adapters.machine.held_memory import held_megabytes
from components.adapters.machine.side_by_side import side_by_side
from components.benchmarking.compare import compare
from components.benchmarking.request import BenchmarkRequest
from components.benchmarking.world import ComparedWorld
from components.config.llm_presets import with_local_model
from components.interactions.columns import TIMESTAMP
from components.interactions.prepared import RELEVANT, prepare
from components.interactions.timestamps import PLACES_UNTIL
from components.metrics.evaluate import EvaluationError, targets_of
from components.ranking.inner_split import InnerSplit
from components.ranking.works import RunsWorks
from components.recommenders.protocol import RecommenderError, TrainingData
from components.recommenders.training_data import training_data
from components.splitting.at_random import split_at_random, split_by_item
from components.splitting.last_ones import LastOnes, leave_one_out, timeline
from components.splitting.temporal import SplitError, split
from jobs.benchmarking.llm_rows import run_llm_benchmark
from jobs.wiring.workbench import Workbench

MICROSOFT = "microsoft-ml100k"
MICROSOFT_TEST_SHARE = 0.25
LEAVE_ONE_OUT, REFIT, TIMELINE, GIVEN = "leave-one-out", "leave-one-out-refit", "global-timeline", "given"
PROTOCOLS = (
    "per-user-temporal",
    "global-temporal",
    "random",
    LEAVE_ONE_OUT,
    REFIT,
    TIMELINE,
    GIVEN,
    MICROSOFT,
)
SHARE = 0.2
COLD_THRESHOLD = 5


@dataclass(frozen=True)
class Comparison:
    """What is compared on what.

    Attributes:
        dataset: as `components.adapters.sources.dataset_files.read_dataset` gives it.
        k: length of the lists.
        threshold: values from here on are relevant; None takes `usual_threshold`, or what the protocol says.
        repeats: whether items that a user has liked are recommended, and looked for, again.
        megabytes: that all processes may hold together.
    """

    dataset: Any
    protocol: str
    k: int
    threshold: float | None
    seed: int
    repeats: bool = False
    usual_threshold: float = 4.0
    megabytes: float = 4_000


def compare_recommenders(
    asked: Comparison, vectors: Any, budget_seconds: float, began: float, say: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """One row per recommender, the blend and the pipeline; settings are chosen on a cut inside the training part.

    The budget runs from `began`, of `time.perf_counter`. `say` hears what there is after every row, which is then the
    result but for its later rows.
    """
    dataset, k = asked.dataset, asked.k
    notes = list(dataset.missing)
    parts, threshold, protocol = cut(asked)
    world = world_of(parts, dataset, threshold, vectors, asked.repeats)
    if (item_vectors := world.train.item_vectors) is not None:
        lacking = int((~item_vectors.any(axis=1)).sum())
        notes += [f"{lacking} of {len(world.train.item_ids)} items have no vector"] if lacking else []
    latest = protocol.endswith("temporal") or protocol in (LEAVE_ONE_OUT, REFIT, TIMELINE)
    inner: Literal["latest", "random"] = "latest" if latest else "random"
    processes = os.cpu_count() or 1
    config = BenchmarkRequest(inner, k, asked.seed, budget_seconds, COLD_THRESHOLD, asked.megabytes, processes, began)
    sought = targets_of(world.known.barred, world.wanted)
    n_repeats = int(world.wanted.nnz - sought.nnz)
    if n_repeats:
        notes.append(
            f"{n_repeats} of {world.wanted.nnz} relevant interactions of the test part are with items that "
            "their users had met before, and are not looked for; --repeats looks for them too"
        )
    run = bounded_run((RecommenderError, EvaluationError), asked.megabytes)
    found: dict[str, Any] = {
        "rows": [],
        "finished": False,
        "protocol": protocol,
        "users": len(world.train.user_ids),
        "items": len(world.train.item_ids),
        "train_interactions": len(parts.train),
        "interactions": len(dataset.interactions),
        "test_relevant": int(sought.nnz),
        "users_judged": int((sought.sum(axis=1) > 0).sum()),
        "repeats_left_out": n_repeats,
        "positive_threshold": threshold if threshold != float("-inf") else None,
        "budget_seconds": budget_seconds,
        "missing": notes,
    }

    def works_of(megabytes: float) -> RunsWorks:
        held = held_megabytes([os.getpid()])
        return side_by_side(min(processes, int((asked.megabytes - held) // max(megabytes, 1.0))), threads=1)

    for row in compare(world, config, run, spread_over(processes), works_of, time.perf_counter, notes.append):
        found["rows"].append(row)
        say(found)
    found["finished"] = True
    return found


def world_of(parts: LastOnes, dataset: Any, threshold: float, vectors: Any, repeats: bool) -> ComparedWorld:
    """What recommenders learn from and are asked for, of the parts that `cut` gave."""
    nobody = pd.DataFrame({"user_id": pd.Series(dtype=object)})
    everything = prepare(dataset.interactions, dataset.items, nobody, threshold)

    def learnt(*tables: pd.DataFrame) -> TrainingData:
        rows = pd.concat(tables).sort_values(TIMESTAMP, kind="stable", ignore_index=True)
        marked = rows.assign(**{RELEVANT: rows["value"] >= threshold})
        return training_data(marked, everything.items, everything.users, vectors, repeats)

    train, test = learnt(parts.train), learnt(parts.test)
    later = learnt(parts.later) if len(parts.later) else None
    chosen_by = None
    if later is not None and parts.chosen_by:
        chosen_by = InnerSplit(train, targets_of(train.barred, later.positives))
    asked = None if later is None else learnt(parts.train, parts.later)
    return ComparedWorld(train, test.positives, asked, chosen_by)


def ask_llm(
    bench: Workbench, asked: Comparison, n_users: int, cap_usd: float, timeout: float, local: bool
) -> dict[str, Any]:
    """What the tiers of params.yaml, or the small `local` model, add for a sample of users; `timeout` in seconds."""
    parts, threshold, _ = cut(asked)
    llm = bench.params.llm
    if local:
        llm = with_local_model(llm, bench.settings.local_llm_url)
    cuts, items = (pd.concat([parts.train, parts.later]), parts.test), asked.dataset.items
    return run_llm_benchmark(bench, llm, cuts, items, threshold, asked.k, n_users, cap_usd, timeout, asked.seed)


def cut(asked: Comparison) -> tuple[LastOnes, float, str]:
    """The parts, the value from which on an interaction is relevant, and the protocol that the data allow."""
    dataset, protocol, seed = asked.dataset, asked.protocol, asked.seed
    threshold = asked.usual_threshold if asked.threshold is None else asked.threshold
    every = protocol in (LEAVE_ONE_OUT, REFIT, GIVEN) and asked.threshold is None
    if protocol == MICROSOFT or every or not dataset.has_values:
        threshold = float("-inf")
    rows = dataset.interactions
    if protocol == GIVEN:
        return _given(dataset), threshold, protocol
    # Rows before preparation: these splits go by the order of the file, all of them or those of one moment.
    if protocol in (LEAVE_ONE_OUT, REFIT):
        return leave_one_out(rows, protocol == REFIT), threshold, protocol
    if protocol == TIMELINE:
        return timeline(rows, SHARE), threshold, protocol
    if protocol == MICROSOFT:
        both = split_by_item(rows, MICROSOFT_TEST_SHARE, seed)
    elif protocol == "random" or not dataset.has_times:
        both, protocol = split_at_random(rows, SHARE, seed), "random" if protocol.endswith("temporal") else protocol
    elif protocol == "global-temporal":
        if rows[TIMESTAMP].max() < PLACES_UNTIL:
            raise SplitError("the data say in which order each user met items, and not when; use leave-one-out")
        both = split(rows, "global_temporal", SHARE)
    else:
        both = split(rows, "per_user_temporal", SHARE)
    return LastOnes(both.train, rows.head(0), both.test), threshold, protocol


def _given(dataset: Any) -> LastOnes:
    if dataset.given is None:
        raise SplitError(
            "the data bring no split; give a folder that holds train and test (and valid, if there is one), "
            "such as train.txt and test.txt"
        )
    parts = {name: dataset.interactions[dataset.given == name] for name in np.unique(dataset.given)}
    nothing = dataset.interactions.head(0)
    chosen = parts.get("valid", nothing)
    return LastOnes(parts["train"], chosen, parts["test"], bool(len(chosen)))
