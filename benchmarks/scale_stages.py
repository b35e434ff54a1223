"""The stages that `benchmarks.scale` measures, one per process: `python -m benchmarks.scale_stages STAGE FOLDER N`.

Each reads what the one before wrote into FOLDER, as the stages of the pipeline do, and prints one line of JSON: seconds
with reading and writing, and a note.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.skewed_interactions import TASTES, draw_table
from components.adapters.files.params_file import read_params
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.interactions.source import SourceTables
from components.metrics.evaluate import evaluate
from components.recommenders.ease import Ease, EaseConfig
from components.recommenders.factors import FittedFactors
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.protocol import RecommenderError, TrainingData
from components.recommenders.training_data import training_data
from components.retrieval.choice import choose_index, sample_rows
from components.splitting.temporal import split

PARAMS = read_params(Path("params.yaml"))
SAMPLE_USERS = 2_000


def draw(folder: Path, n: int) -> str:
    """A source of `n` interactions and its items."""
    table = draw_table(n)
    items = pd.DataFrame({"item_id": table["item_id"].unique()})
    items["title"] = "Item " + items["item_id"]
    items["category"] = "Category " + (items["item_id"].astype(int) % TASTES).astype(str)
    table.to_parquet(folder / "source.parquet")
    items.to_parquet(folder / "source_items.parquet")
    return f"{table['user_id'].nunique()} users, {len(items)} items"


def screening(folder: Path) -> str:
    """Every row checked, typed and sorted, as ingest does."""
    tables = SourceTables(_read(folder, "source"), _read(folder, "source_items"), None, {})
    screened = screen(tables, PARAMS.ingest)
    for name in ("interactions", "items", "users"):
        getattr(screened, name).to_parquet(folder / f"{name}.parquet", index=False)
    return f"{len(screened.quarantine)} in quarantine"


def preparing(folder: Path) -> str:
    """Relevance marked, rows in order."""
    tables = (_read(folder, name) for name in ("interactions", "items", "users"))
    prepared = prepare(*tables, PARAMS.prepare.positive_threshold)
    for name in ("interactions", "items", "users"):
        getattr(prepared, name).to_parquet(folder / f"prepared_{name}.parquet", index=False)
    return ""


def splitting(folder: Path) -> str:
    """Per user by time."""
    parts = split(_read(folder, "prepared_interactions"), "per_user_temporal", PARAMS.split.test_share)
    parts.train.to_parquet(folder / "train.parquet", index=False)
    parts.test.to_parquet(folder / "test.parquet", index=False)
    return f"{len(parts.test)} test"


def matrices(folder: Path) -> str:
    """What every recommender learns from."""
    return f"{_training_data(folder, 'train').positives.nnz} relevant"


def lightfm(folder: Path) -> str:
    """One epoch of LightFM; the time of all of them is extrapolated."""
    data = _training_data(folder, "train")
    config = LightFMConfig(epochs=1)
    start = time.perf_counter()
    LightFMWarp(config).fit(data, PARAMS.train.seed).save(folder / "lightfm")
    epoch = time.perf_counter() - start
    epochs = LightFMConfig().epochs
    return f"fit alone {epoch:.1f} s; {epochs} epochs extrapolated {epoch * epochs:.0f} s"


def ease(folder: Path) -> str:
    """EASE, or its refusal."""
    data = _training_data(folder, "train")
    start = time.perf_counter()
    try:
        Ease(EaseConfig()).fit(data, 0).save(folder / "ease")
    except RecommenderError as error:
        return f"refused: {error}"
    return f"fit alone {time.perf_counter() - start:.1f} s"


def index(folder: Path) -> str:
    """Annoy built and measured against exact."""
    factors = FittedFactors.load(folder / "lightfm")
    config = PARAMS.index.model_copy(update={"min_recall": 0.0})
    users = sample_rows(factors.n_users, config)
    return choose_index(factors, users, config, folder / "index.ann", time.perf_counter).reason


def evaluate_sample(folder: Path) -> str:
    """Lists and metrics of some users."""
    return _evaluate(folder, SAMPLE_USERS)


def evaluate_all(folder: Path) -> str:
    """Lists and metrics of all users."""
    return _evaluate(folder, None)


STAGES: dict[str, Callable[[Path], str]] = {
    stage.__name__: stage
    for stage in (screening, preparing, splitting, matrices, lightfm, ease, index, evaluate_sample, evaluate_all)
}


def _evaluate(folder: Path, sample: int | None) -> str:
    train, test = _training_data(folder, "train"), _training_data(folder, "test")
    factors = FittedFactors.load(folder / "lightfm")
    relevant = test.positives.copy()
    if sample is not None:
        chosen = np.random.default_rng(0).permutation(factors.n_users)[:sample]
        kept = np.isin(np.arange(factors.n_users), chosen)
        relevant.data[:] = np.repeat(kept, np.diff(relevant.indptr))
        relevant.eliminate_zeros()
    start = time.perf_counter()
    result = evaluate(factors, train.seen, relevant, PARAMS.evaluate.k)
    taken = time.perf_counter() - start
    return f"{len(result.users)} users, evaluate alone {taken:.2f} s"


def _training_data(folder: Path, name: str) -> TrainingData:
    return training_data(_read(folder, name), _read(folder, "prepared_items"), _read(folder, "prepared_users"))


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


if __name__ == "__main__":
    STAGE, FOLDER, N = sys.argv[1:]
    START = time.perf_counter()
    NOTE = draw(Path(FOLDER), int(N)) if draw.__name__ == STAGE else STAGES[STAGE](Path(FOLDER))
    print(json.dumps({"seconds": time.perf_counter() - START, "note": NOTE}))
