"""Whatever stands in params.yaml is read by something, and a stage depends on what it reads and on nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from components.adapters.dvc.data_registry import DataRegistry
from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.interactions.data_version import Provenance
from components.interactions.screening import Screened
from components.params.overrides import with_overrides
from components.params.params import Params
from stages.bundle import bundle
from stages.evaluate import evaluate
from stages.index import index
from stages.prepare import prepare_version
from stages.split import split_prepared
from stages.train import train
from tests.recorded_params import leaves, recording
from tests.worlds import make_tables

ROOT = Path(__file__).parents[1]
PARAMS = read_params(ROOT / "params.yaml")
STAGES: dict[str, Callable[[Params], str]] = {
    "prepare": prepare_version,
    "split": split_prepared,
    "train": train,
    "index": index,
    "evaluate": evaluate,
    "bundle": bundle,
}
SMALL = {
    "train.recommender.pipeline.ranker.min_users": 2,
    "train.recommender.pipeline.ranker.rounds": 3,
    "evaluate.bootstrap_samples": 10,
    "index.min_recall": 0.0,
}
FACTORS = {
    "train.recommender": {"kind": "ials", "dimensions": 4, "iterations": 2},
    "index.kind": "annoy",
    "split.protocol": "random",
}


@pytest.fixture(scope="module")
def one_processor() -> Iterator[None]:
    """With more of them stages would fork, and what is read there is told to nobody."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})
    yield
    os.sched_setaffinity(0, usable)


@pytest.fixture(scope="module")
def read_by_stages(one_processor: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By stage what two retrainings read: of the pipeline of params.yaml, with repeats, and of a model with factors."""
    folder = tmp_path_factory.mktemp("read")
    found: dict[str, set[str]] = {name: set() for name in STAGES}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("RECOPS_HOME", str(folder / "home"))
        interactions, items, users = make_tables(n_users=30, n_items=20, n_each=16)
        quarantine = pd.DataFrame(columns=["table", "row", "reason"])
        rows = {"interactions": len(interactions), "items": len(items), "users": len(users)}
        registry = DataRegistry(load_settings())
        registry.add_version(Screened(interactions, items, users, quarantine, rows), Provenance("test"))
        for changes in ({**SMALL, "routing.repeats": True}, {**SMALL, **FACTORS}):
            params, read = recording(with_overrides(PARAMS, changes))
            for name, stage in STAGES.items():
                read.clear()
                stage(params)
                found[name] |= read
    return found


def test_every_leaf_of_the_training_is_read(read_by_stages: dict[str, set[str]]) -> None:
    read = set().union(*read_by_stages.values())
    sections = ("data", "prepare", "split", "train", "index", "evaluate", "bundle")
    stated = {path for path in leaves(PARAMS) if path.split(".")[0] in sections}
    assert stated - read == set()


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_what_it_reads_and_on_nothing_else(name: str, read_by_stages: dict[str, set[str]]) -> None:
    declared = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][name]["params"]) - {"code.digest"}
    read = read_by_stages[name]
    unread = {path for path in declared if not any(leaf == path or leaf.startswith(f"{path}.") for leaf in read)}
    undeclared = {leaf for leaf in read if not any(leaf == path or leaf.startswith(f"{path}.") for path in declared)}
    assert (unread, undeclared) == (set(), set())
