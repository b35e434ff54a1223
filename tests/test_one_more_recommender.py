"""A recommender is added by one file and, to run in a retraining, one entry in params.yaml: shown in a scratch copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.worlds import make_tables

ROOT = Path(__file__).parents[1]
COPIED = ("components", "monitoring", "bentos", "jobs", "flows", "stages", "cli", "presets", "tests")
FILES = ("params.yaml", "dvc.yaml", "pyproject.toml", "requirements.lock")
RETRAINING = """
from components.adapters.dvc.data_registry import DataRegistry
from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.interactions.data_version import Provenance
from components.interactions.screening import Screened
from pathlib import Path
import pandas as pd
from tests.worlds import make_tables
from stages import bundle, evaluate, index, prepare, split, train
interactions, items, users = make_tables(n_users=30, n_items=20, n_each=16)
rows = {"interactions": len(interactions), "items": len(items), "users": len(users)}
bad = pd.DataFrame(columns=["table", "row", "reason"])
DataRegistry(load_settings()).add_version(Screened(interactions, items, users, bad, rows), Provenance("test"))
params = read_params(Path("params.yaml"))
first = (prepare.prepare_version, split.split_prepared, train.train)
for stage in (*first, index.index, evaluate.evaluate, bundle.bundle):
    print(stage(params))
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one file more, a copy of ease.py under another name and kind, and an entry of that kind."""
    folder = tmp_path_factory.mktemp("scratch")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    recommenders = folder / "components" / "recommenders"
    ease = (recommenders / "ease.py").read_text()
    (recommenders / "twin.py").write_text(ease.replace("Ease", "Twin").replace('"ease"', '"twin"'))
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["train"]["recommender"]["generators"].append({"kind": "twin"})
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return folder


def run(scratch: Path, *command: str) -> str:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RECOPS_")},
        "PYTHONPATH": str(scratch),
        "RECOPS_HOME": str(scratch / "home"),
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=scratch, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_retraining_runs_it(scratch: Path) -> None:
    run(scratch, "-c", RETRAINING)
    choice = json.loads((scratch / "artifacts" / "choice" / "choice.json").read_text())
    assert choice["generators"][-1] == "twin 1"


def test_a_comparison_runs_it(scratch: Path) -> None:
    interactions, items, _ = make_tables(n_users=30, n_items=20, n_each=16)
    interactions.to_csv(scratch / "interactions.csv", index=False)
    items.to_csv(scratch / "items.csv", index=False)
    arguments = ("--interactions", "interactions.csv", "--items", "items.csv", "--budget", "0", "--json")
    found = json.loads(run(scratch, "-c", "from cli.main import main; main()", "benchmark", *arguments))
    rows = {row["model"]: row for row in found["rows"]}
    assert rows["twin"]["ndcg_at_10"] == rows["ease"]["ndcg_at_10"] > 0


def test_the_contract_suite_tests_it(scratch: Path) -> None:
    told = run(
        scratch,
        "-m",
        "pytest",
        "tests/contracts/test_recommender_contract.py",
        "-k",
        "twin",
        "-v",
        "-p",
        "no:cacheprovider",
    )
    assert "test_the_saved_form_scores_the_same[twin] PASSED" in told
    assert "test_excluded_items_never_come_up[twin] PASSED" in told
