"""Measures Annoy against the exact path on a catalogue of 200,000 items: recall@100, time, and what would be chosen.

Run it with `python -m benchmarks.retrieval [--json] [--full]`. Items are drawn around centres, as trained factors
cluster by genre and taste: 500 centres on a sphere, an item's direction is its centre's plus half as much noise, its
length is log-normal, as popular items have longer vectors. A user is a mix of three centres.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, Row, blas_threads, report_main
from components.adapters.files.params_file import read_params
from components.config.index import IndexConfig
from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import AnnoyIndex, build_index
from components.retrieval.by_length import ByLength
from components.retrieval.choice import NOTHING, IndexRefused, decide, measure_recall, sample_rows
from components.retrieval.indexed_factors import IndexedFactors

WIDTH = 64
CENTRES = 500
NOISE = 0.5
LENGTH_SPREAD = 0.3
USERS = 2_000
TREES = (10, 50)
SEARCH_K = (5_000, 20_000, 60_000)


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, run)


def run(full: bool) -> Report:
    """One row for the exact path, and one for each index and effort, with the choice that params.yaml leads to."""
    n_items = 200_000 if full else 30_000
    config = read_params(Path("params.yaml")).index.model_copy(update={"sample_users": 100})
    factors = clustered(n_items)
    users = sample_rows(factors.n_users, config)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder, blas_threads(1):
        path = Path(folder) / "index.ann"
        for trees in TREES:
            start = time.perf_counter()
            build_index(path, factors.item_factors, trees, config.seed)
            build_seconds = time.perf_counter() - start
            index = AnnoyIndex(path, WIDTH)
            for search_k in SEARCH_K:
                approximate = IndexedFactors(factors, index, search_k)
                annoy_ms, length_ms, exact_ms = alternating_ms(approximate, users, config.recall_at)
                recall = measure_recall(approximate, users, config.recall_at)
                rows.append(
                    {
                        "trees": trees,
                        "search_k": search_k,
                        "build s": build_seconds,
                        "MB": round(path.stat().st_size / 1e6),
                        f"recall@{config.recall_at}": recall,
                        "annoy ms": annoy_ms,
                        "by length ms": length_ms,
                        "exact ms": exact_ms,
                        "choice": _choice(recall, annoy_ms, length_ms, exact_ms, config),
                    }
                )
    return Report(
        f"Top {config.recall_at} of {n_items:,} items x {WIDTH}, one user at a time, one thread, medians in turns",
        rows,
        (f"params.yaml: trees {config.trees}, search_k {config.search_k}, min_recall {config.min_recall}.",),
    )


def clustered(n_items: int, seed: int = 0) -> FittedFactors:
    """Factors as the module's docstring describes them."""
    rng = np.random.default_rng(seed)
    centres = _unit(rng.standard_normal((CENTRES, WIDTH)))
    noise = _unit(rng.standard_normal((n_items, WIDTH)))
    directions = _unit(centres[rng.integers(0, CENTRES, n_items)] + NOISE * noise)
    items = directions * rng.lognormal(0, LENGTH_SPREAD, (n_items, 1))
    shares = rng.dirichlet(np.ones(3), USERS)
    users = (shares[:, :, None] * centres[rng.integers(0, CENTRES, (USERS, 3))]).sum(axis=1)
    return FittedFactors(users.astype(np.float32), items.astype(np.float32), WIDTH)


def alternating_ms(approximate: IndexedFactors, users: NDArray[np.integer], k: int) -> list[float]:
    """Median milliseconds of an answer through the index, by length and exact, user by user in turns."""
    by_length = IndexedFactors(approximate.factors, ByLength(approximate.factors), 0)
    ways = (approximate, by_length, approximate.factors)
    times = np.empty((len(users), len(ways)))
    for place, user in enumerate(users.tolist()):
        for way, recommender in enumerate(ways):
            start = time.perf_counter()
            recommender.top_k(user, k, NOTHING)
            times[place, way] = time.perf_counter() - start
    medians: list[float] = (np.median(times, axis=0) * 1000).tolist()
    return medians


def _choice(recall: float, annoy_ms: float, length_ms: float, exact_ms: float, config: IndexConfig) -> str:
    try:
        return decide(recall, annoy_ms, length_ms, exact_ms, config).kind
    except IndexRefused:
        return "refused: recall"


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


if __name__ == "__main__":
    main()
