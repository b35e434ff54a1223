"""What the stages share: how one runs, and where its inputs and outputs lie in the pipeline's folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.adapters.files.params_file import ParamsError, read_params
from components.interactions.source import ITEM_VECTORS
from components.params.params import Params

if TYPE_CHECKING:
    import pandas as pd

    from components.ranking.pipeline import Pipeline
    from components.ranking.works import RunsWorks
    from components.recommenders.protocol import TrainingData

PARAMS = Path("params.yaml")
DATA = Path("artifacts/data")
PREPARED = Path("artifacts/prepared")
SPLIT = Path("artifacts/split")
TRAIN = Path("artifacts/train")
CHOICE = Path("artifacts/choice")
INDEX = Path("artifacts/index")
EVALUATE = Path("artifacts/evaluate")
CONFIDENCE = Path("artifacts/confidence")
BUNDLE = Path("artifacts/bundle")
METRICS = Path("metrics")
PLOTS = Path("plots")


def run_stage(body: Callable[[Params], str], *refusals: type[Exception]) -> None:
    """Run one stage in the current folder and print the line it returns; its refusals end it with their message."""
    name = Path(sys.argv[0]).stem
    try:
        print(f"{name}: {body(read_params(PARAMS))}", flush=True)
    except Exception as error:
        if isinstance(error, (ParamsError, *refusals)):
            raise SystemExit(f"{name}: {error}") from error
        raise


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """The table `name` of a stage's output."""
    import pandas as pd

    return pd.read_parquet(folder / f"{name}.parquet")


def find_item_vectors(folder: Path) -> pd.DataFrame | None:
    """The embeddings of items in a stage's output, None where the data version has none."""
    return read_table(folder, ITEM_VECTORS) if (folder / f"{ITEM_VECTORS}.parquet").is_file() else None


def with_item_vectors(data: TrainingData, params: Params) -> TrainingData:
    """`data` with the vectors of the file that params name, if they name one, in place of the data version's own.

    Raises:
        RecommenderError: the file cannot be used.
    """
    from components.adapters.sources.vector_file import read_item_vectors

    file = params.train.item_vectors_file
    return data if file is None else replace(data, item_vectors=read_item_vectors(Path(file), data.item_ids))


def at_once(megabytes: float = 0.0) -> RunsWorks:
    """Runs works on as many processors as there are, and as there is memory for.

    Each may need so much beside what this process has held so far.
    """
    from components.adapters.machine.peak_memory import peak_megabytes
    from components.adapters.machine.side_by_side import processes_for, side_by_side

    return side_by_side(processes_for(peak_megabytes() + megabytes))


def pipeline_at_once(recipe: Pipeline, data: TrainingData) -> Pipeline:
    """The same, which trains on as many processors as there are, and as there is memory for."""
    from components.recommenders.needs import Size

    return replace(recipe, run=at_once(recipe.config.needs(Size.of(data.seen)).megabytes))


def write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Write the table `name` into a stage's output; the same rows always give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / f"{name}.parquet", index=False)


def write_json(path: Path, value: Any) -> None:
    """Write a small JSON file with sorted keys."""
    import json

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, sort_keys=True, indent=1) + "\n")
