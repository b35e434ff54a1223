"""Stage 4: measures an approximate index and the search by length against the exact path, and chooses what serves.

What is chosen is an output that the bundle depends on; what was measured is a metric, as times differ between runs.
"""

from __future__ import annotations

import time

import numpy as np

from components.params.params import Params
from components.ranking.fitted_pipeline import FittedPipeline, load_model
from components.recommenders.factors import FittedFactors
from components.retrieval.choice import IndexRefused, choose_index, sample_rows
from stages.stage import INDEX, METRICS, TRAIN, run_stage, write_json


def index(params: Params) -> str:
    """artifacts/index holds index.json and, when it was chosen, index.ann; metrics/index.json the measurements."""
    INDEX.mkdir(parents=True, exist_ok=True)
    path = INDEX / "index.ann"
    recommender, config = load_model(TRAIN / params.train.recommender.kind), params.index
    sample = sample_rows(recommender.n_users, config)
    if isinstance(recommender, FittedPipeline):
        recommender = recommender.factors_of(sample)
        sample = np.arange(0 if recommender is None else recommender.n_users)
    if not isinstance(recommender, FittedFactors) or not len(sample):
        write_json(INDEX / "index.json", {"kind": "exact"})
        write_json(METRICS / "index.json", {"annoy_chosen": 0})
        return f"exact: {params.train.recommender.kind} has no factors to index"
    choice = choose_index(recommender, sample, config, path, time.perf_counter)
    if choice.kind != "annoy":
        path.unlink(missing_ok=True)
    write_json(INDEX / "index.json", {"kind": choice.kind})
    numbers: dict[str, float] = {
        "length_ms": round(choice.length_ms, 4),
        "exact_ms": round(choice.exact_ms, 4),
        "annoy_chosen": int(choice.kind == "annoy"),
    }
    if choice.recall is not None and choice.annoy_ms is not None:
        numbers |= {f"recall_at_{config.recall_at}": choice.recall, "annoy_ms": round(choice.annoy_ms, 4)}
    write_json(METRICS / "index.json", numbers)
    return f"{choice.kind}: {choice.reason}"


if __name__ == "__main__":
    run_stage(index, IndexRefused)
