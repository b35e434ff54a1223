"""Compares every recommender on a data set, cut by a protocol, and what a language model adds on the same cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from components.adapters.machine.peak_memory import peak_megabytes, restart_peak
from components.benchmarking.compare import BenchmarkRequest, Meters, compare
from components.config.llm_presets import with_local_model
from components.interactions.prepared import prepare
from components.metrics.evaluate import targets_of
from components.recommenders.training_data import training_data
from components.splitting.at_random import split_at_random, split_by_item
from components.splitting.temporal import split
from jobs.benchmarking.llm_rows import run_llm_benchmark
from jobs.wiring.workbench import Workbench

MICROSOFT = "microsoft-ml100k"
MICROSOFT_TEST_SHARE = 0.25
COLD_THRESHOLD = 5


@dataclass(frozen=True)
class Comparison:
    """What is compared on what.

    Attributes:
        dataset: as `components.adapters.sources.dataset_files.read_dataset` gives it.
        k: length of the lists.
        threshold: values from here on are relevant; the protocol may take every one.
        repeats: whether items that a user has liked are recommended, and looked for, again.
    """

    dataset: Any
    protocol: str
    k: int
    threshold: float
    seed: int
    repeats: bool = False


def compare_recommenders(
    asked: Comparison, vectors: Any, budget_seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """One row per recommender, the blend and the pipeline; settings are chosen on a cut inside the training part."""
    dataset, protocol, k, seed = asked.dataset, asked.protocol, asked.k, asked.seed
    notes = list(dataset.missing)
    parts, threshold = cut(asked)
    if protocol.endswith("temporal") and not dataset.has_times:
        protocol = "random"
    nobody = pd.DataFrame({"user_id": pd.Series(dtype=object)})
    everything = prepare(dataset.interactions, dataset.items, nobody, threshold)
    train, test = (
        training_data(
            prepare(part, everything.items, nobody, threshold).interactions,
            everything.items,
            everything.users,
            vectors,
            asked.repeats,
        )
        for part in (parts.train, parts.test)
    )
    if vectors is not None:
        lacking = int((~train.item_vectors.any(axis=1)).sum())
        notes += [f"{lacking} of {len(train.item_ids)} items have no vector"] if lacking else []
    inner: Literal["latest", "random"] = "latest" if protocol.endswith("temporal") else "random"
    config = BenchmarkRequest(inner, k, seed, budget_seconds, COLD_THRESHOLD)
    sought = targets_of(train.barred, test.positives)
    n_repeats = int(test.positives.nnz - sought.nnz)
    if n_repeats:
        notes.append(
            f"{n_repeats} of {test.positives.nnz} relevant interactions of the test part are with items that "
            "their users had met before, and are not looked for; --repeats looks for them too"
        )
    meters = Meters(time.perf_counter, restart_peak, peak_megabytes)
    rows = []
    for row in compare(train, test.positives, config, meters, notes.append):
        rows.append(row)
        say(f"{row['model']}: NDCG@{k} {row[f'ndcg_at_{k}']:.4f}")
    return {
        "rows": rows,
        "protocol": protocol,
        "users": len(train.user_ids),
        "items": len(train.item_ids),
        "train_interactions": len(parts.train),
        "interactions": len(dataset.interactions),
        "test_relevant": int(sought.nnz),
        "users_judged": int((sought.sum(axis=1) > 0).sum()),
        "repeats_left_out": n_repeats,
        "positive_threshold": threshold if threshold != float("-inf") else None,
        "missing": notes,
    }


def ask_llm(
    bench: Workbench, asked: Comparison, n_users: int, cap_usd: float, timeout: float, local: bool
) -> dict[str, Any]:
    """What the tiers of params.yaml, or the small `local` model, add for a sample of users; `timeout` in seconds."""
    parts, threshold = cut(asked)
    llm = bench.params.llm
    if local:
        llm = with_local_model(llm, bench.settings.local_llm_url)
    cuts, items = (parts.train, parts.test), asked.dataset.items
    return run_llm_benchmark(bench, llm, cuts, items, threshold, asked.k, n_users, cap_usd, timeout, asked.seed)


def cut(asked: Comparison) -> tuple[Any, float]:
    """Training and test part, and the value from which on an interaction is relevant."""
    dataset, protocol, threshold, seed = asked.dataset, asked.protocol, asked.threshold, asked.seed
    if protocol == MICROSOFT or not dataset.has_values:
        threshold = float("-inf")
    # Rows before preparation: the published split draws in the order of the file.
    if protocol == MICROSOFT:
        return split_by_item(dataset.interactions, MICROSOFT_TEST_SHARE, seed), threshold
    if protocol == "random" or not dataset.has_times:
        return split_at_random(dataset.interactions, 0.2, seed), threshold
    kind: Literal["per_user_temporal", "global_temporal"] = (
        "per_user_temporal" if protocol.startswith("per-user") else "global_temporal"
    )
    return split(dataset.interactions, kind, 0.2), threshold
