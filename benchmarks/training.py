"""Times training against implicit's ALS and BPR on the same matrices, with NDCG@10 beside the seconds.

Run it with `python -m benchmarks.training [--json] [--full]`. MovieLens is cut per user by time, the drawn interactions
at random; all train on the same relevant interactions. Ours train on one thread, which makes them reproducible.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix

from benchmarks.report import Report, Row, blas_threads, report_main
from benchmarks.skewed_interactions import draw_matrices
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.evaluate import evaluate
from components.params.params import Params
from components.recommenders.ease import Ease, EaseConfig
from components.recommenders.factors import FittedFactors
from components.recommenders.ials import Ials, IalsConfig
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.protocol import FittedRecommender, TrainingData
from components.recommenders.training_data import training_data
from components.splitting.temporal import split

K = 10
Fit = Callable[[], FittedRecommender]


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, run)


def run(full: bool) -> Report:
    """One row per data set and way of training."""
    params = read_params(Path("params.yaml"))
    n = 1_000_000 if full else 100_000
    worlds = {"MovieLens": movielens(params), f"{n:,} drawn": drawn(n)}
    rows = [row for name, world in worlds.items() for row in measure(name, *world)]
    return Report(
        "Training on the same relevant interactions",
        rows,
        (
            "Each way trains in turn, twice, and the quicker time counts; implicit at its defaults but for the width,",
            "which is LightFM's. BLAS keeps to the threads shown. EASE has no epochs: it is solved exactly.",
        ),
    )


def measure(name: str, data: TrainingData, relevant: csr_array) -> list[Row]:
    """Every way of training on one data set."""
    config, width = LightFMConfig(), LightFMConfig().dimensions
    ials = IalsConfig(dimensions=width)
    # Without labels LightFM learns from what the others learn from.
    ways: dict[tuple[str, int, int], Fit] = {
        ("LightFM with labels (ours)", config.epochs, 1): lambda: LightFMWarp(config).fit(data, 0),
        ("LightFM, ids alone (ours)", config.epochs, 1): lambda: LightFMWarp(
            config.model_copy(update={"label_weight": 0.0})
        ).fit(data, 0),
        ("EASE (ours)", 1, 1): lambda: Ease(EaseConfig()).fit(data, 0),
        ("EASE (ours)", 1, 2): lambda: Ease(EaseConfig()).fit(data, 0),
        ("iALS (ours)", ials.iterations, 1): lambda: Ials(ials).fit(data, 0),
    }
    for threads in (1, 2):
        ways["implicit ALS", 15, threads] = lambda threads=threads: _implicit("als", data, width, 15, threads)
        ways["implicit BPR", 100, threads] = lambda threads=threads: _implicit("bpr", data, width, 100, threads)
    if not any(data.item_labels):
        del ways["LightFM with labels (ours)", config.epochs, 1]
    seconds: dict[tuple[str, int, int], float] = {}
    quality: dict[tuple[str, int, int], float] = {}
    for round_ in range(2):
        for way, fit in ways.items():
            # implicit threads by itself and wants BLAS on one.
            with blas_threads(1 if way[0].startswith("implicit") else way[2]):
                start = time.perf_counter()
                fitted = fit()
                taken = time.perf_counter() - start
            seconds[way] = min(taken, seconds.get(way, taken))
            if round_ == 0:
                quality[way] = float(evaluate(fitted, data.seen, relevant, K).ndcg.mean())
    als = seconds["implicit ALS", 15, 1]
    return [
        {
            "data": name,
            "way": way,
            "epochs": epochs,
            "threads": threads,
            "s": seconds[way, epochs, threads],
            "ms/epoch": seconds[way, epochs, threads] / epochs * 1000,
            "of ALS's time": seconds[way, epochs, threads] / als,
            f"ndcg@{K}": round(quality[way, epochs, threads], 4),
        }
        for way, epochs, threads in ways
    ]


def movielens(params: Params) -> tuple[TrainingData, csr_array]:
    """All ratings of the wheel, the last fifth of each user's held out."""
    source = MovieLensSource()
    shown = source.read()
    whole = pd.concat([shown.interactions, source.future()], ignore_index=True)
    screened = screen(replace(shown, interactions=whole), params.ingest)
    tables = (screened.interactions, screened.items, screened.users)
    prepared = prepare(*tables, params.prepare.positive_threshold)
    parts = split(prepared.interactions, "per_user_temporal", params.split.test_share)
    train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
    return train, test.positives


def drawn(n: int) -> tuple[TrainingData, csr_array]:
    """Drawn interactions, a fifth held out at random; items have no labels."""
    train, test = draw_matrices(n)
    users, items = (tuple(str(row) for row in range(size)) for size in train.shape)
    return TrainingData(users, items, train, train, ((),) * len(items)), test


def _implicit(kind: str, data: TrainingData, width: int, iterations: int, threads: int) -> FittedFactors:
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking

    models: dict[str, Any] = {"als": AlternatingLeastSquares, "bpr": BayesianPersonalizedRanking}
    model = models[kind](factors=width, iterations=iterations, num_threads=threads, random_state=0)
    model.fit(csr_matrix(data.positives), show_progress=False)
    return FittedFactors(np.asarray(model.user_factors), np.asarray(model.item_factors), width)


if __name__ == "__main__":
    main()
