"""Laws of a retraining, with the real pipeline, data registry and MLflow, on a world of two tastes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import SecretStr

from components.adapters.dvc.data_registry import DataRegistry
from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.adapters.dvc.pipeline_repository import PipelineRepository
from components.adapters.files.params_file import ParamsError, read_params, read_preset
from components.adapters.mlflow.registry import ModelRegistry
from components.config.settings import Settings
from components.ranking.pipeline import PipelineConfig
from components.rollout.gate import GateRefused, Passed
from components.rollout.ports import StepFailed
from jobs.data.ingest import IngestRequest as Ingest
from jobs.data.ingest import run_ingest
from jobs.promotion.build import build_release
from jobs.promotion.plan import ReleasePlan, make_plan
from jobs.steps import Step
from jobs.training.report import describe
from jobs.training.retrain import JudgedModel, NothingNew, RetrainRequest, retrain
from jobs.training.steps import TrainingError, find_data, make_params, registry_address, run_pipeline
from jobs.wiring.workbench import Workbench

# MLflow warns about itself when imported, and its database code uses deprecated parts of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore")

PROJECT = Path(__file__).parents[3]
SMALL = {
    "train.recommender": {"kind": "lightfm", "dimensions": 8, "epochs": 30},
    "evaluate.bootstrap_samples": 200,
}


def two_tastes(folder: Path) -> Path:
    """Users with even numbers like even items and the others odd ones; each has seen 9 of 12 in random order."""
    rng = np.random.default_rng(1)
    rows = [
        (f"u{user:02d}", f"i{item:02d}", 5.0, 1_000_000 + 1_000 * user + place)
        for user in range(40)
        for place, item in enumerate(rng.permutation(np.arange(user % 2, 24, 2))[:9])
    ]
    folder.mkdir()
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "value", "timestamp"])
    table.to_csv(folder / "interactions.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("retrain")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = Settings(project=PROJECT, home=folder / "home", mlflow_tracking_uri=f"sqlite:///{folder}/mlflow.db")
        Workbench(settings).store.migrate()
        source = two_tastes(folder / "source")
        run_ingest(Workbench(settings), Ingest(source=str(source)), print)
        yield settings


@pytest.fixture(scope="module")
def first(settings: Settings) -> JudgedModel:
    outcome = retrain(Workbench(settings), RetrainRequest(overrides=SMALL), lambda line: None)
    assert isinstance(outcome, JudgedModel)
    return outcome


def versions(settings: Settings) -> dict[str, int | None]:
    registry = ModelRegistry(settings.mlflow_url)
    found = {alias: registry.version_with_alias(alias) for alias in ("champion", "challenger")}
    return {alias: version.version if version else None for alias, version in found.items()}


def test_a_first_model_that_beats_popularity_becomes_challenger(settings: Settings, first: JudgedModel) -> None:
    assert isinstance(first.verdict, Passed)
    assert (first.run.tag, first.version.version, first.champion_note) == ("run-1", 1, None)
    assert versions(settings) == {"champion": None, "challenger": 1}
    assert first.version.data_version == "data-v1"
    assert first.version.metrics["ndcg_at_10"] > first.version.metrics["popularity_ndcg_at_10"]
    assert "# Version 1 passed the gate and is challenger" in describe(first)


def test_without_a_change_nothing_is_registered(settings: Settings, first: JudgedModel) -> None:
    outcome = retrain(Workbench(settings), RetrainRequest(overrides=SMALL), lambda line: None)
    assert isinstance(outcome, NothingNew)
    assert (outcome.run.tag, outcome.version.version) == ("run-1", 1)


def test_a_retraining_killed_after_the_pipeline_is_taken_up_again(settings: Settings, first: JudgedModel) -> None:
    ModelRegistry(settings.mlflow_url).set_alias("champion", 1)
    overrides = {**SMALL, "bundle.sample_users": 3}
    run_pipeline(
        PipelineRepository(settings), make_params(Workbench(settings), "data-v1", overrides), lambda line: None
    )
    outcome = retrain(Workbench(settings), RetrainRequest("data-v1", overrides), lambda line: None)
    assert isinstance(outcome, JudgedModel)
    assert (outcome.run.tag, outcome.version.version) == ("run-2", 2)
    assert outcome.champion_note == "the champion, version 1, has the same recipe"
    assert versions(settings) == {"champion": 1, "challenger": 2}


def test_a_worse_recipe_is_refused_beside_the_champion_on_its_own_split(settings: Settings, first: JudgedModel) -> None:
    before = versions(settings)
    steps: list[str] = []

    def noted(step: Step) -> Step:
        steps.append(step.__name__)
        return step

    overrides = {**SMALL, "train.recommender": "popularity"}
    outcome = retrain(Workbench(settings), RetrainRequest(overrides=overrides), lambda line: None, noted)
    assert isinstance(outcome, JudgedModel)
    assert isinstance(outcome.verdict, GateRefused)
    failed = {check.name: check for check in outcome.verdict.checks if not check.passed}
    assert failed.keys() == {"over_popularity", "beside_champion"}
    lost = first.version.metrics["ndcg_at_10"] - outcome.version.metrics["ndcg_at_10"]
    assert failed["beside_champion"].value == pytest.approx(-lost)
    assert outcome.champion_note == "the champion, version 1, was trained and tested again on this split"
    assert versions(settings) == before
    tags = ModelRegistry(settings.mlflow_url).version(outcome.version.version).tags
    assert (tags["gate"], tags["gate_reason"]) == ("refused", outcome.verdict.reason)
    assert steps == [
        "find_data", "run_pipeline", "register_model", "load_model", "score_champion", "judge", "settle",
    ]  # fmt: skip


def test_a_bundle_that_mlflow_changes_together_with_its_md5_is_not_built(
    settings: Settings, first: JudgedModel
) -> None:
    import mlflow

    with Workbench(settings) as bench:
        plan = make_plan(bench, bench.params, first.version.version)
        assert isinstance(plan, ReleasePlan)
        folder = settings.root.parent
        kept = [path.parent for path in folder.rglob("artifacts/bundle/bundle.json") if "mlruns" in path.parts]
        (bundle,) = (each for each in kept if dvc_folder_md5(each) == plan.model.bundle_md5)
        (bundle / "more.json").write_text("[]")
        planted = {"name": "recops-recommender", "version": str(plan.model.version), "key": "bundle_md5"}
        client = mlflow.MlflowClient(settings.mlflow_url, settings.mlflow_url)
        client.set_model_version_tag(**planted, value=dvc_folder_md5(bundle))
        served = bench.models.version(plan.model.version)
        changed = replace(plan, variants=tuple(replace(each, model=served) for each in plan.variants))
        with pytest.raises(StepFailed, match="is refused: it was never sealed"):
            build_release(bench, changed, "release-1", None, "test")
        (bundle / "more.json").unlink()
        client.set_model_version_tag(**planted, value=plan.model.bundle_md5)


def test_a_challenger_that_is_judged_again_and_refused_is_challenger_no_more(
    settings: Settings, first: JudgedModel
) -> None:
    registry = ModelRegistry(settings.mlflow_url)
    registry.set_alias("challenger", first.version.version)
    outcome = retrain(
        Workbench(settings),
        RetrainRequest(overrides={**SMALL, "gate.min_gain_over_popularity": 1.0}),
        lambda line: None,
    )
    assert isinstance(outcome, JudgedModel)
    assert isinstance(outcome.verdict, GateRefused)
    assert outcome.version.version == first.version.version
    assert versions(settings)["challenger"] is None
    assert registry.version(first.version.version).tags["gate"] == "refused"


def test_the_address_of_the_data_registry_is_shown_without_its_password(tmp_path: Path) -> None:
    url = SecretStr("https://me:T0KEN@host/registry.git")
    shared = Settings(project=PROJECT, home=tmp_path, data_registry_url=url)
    assert registry_address(shared) == "https://host/registry.git"
    assert registry_address(Settings(project=PROJECT, home=tmp_path)) == str(tmp_path / "registry")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"train.nope": 1}, "override 'train.nope': params.yaml has no such parameter"),
        ({"train.lightfm": {}}, "override 'train.lightfm': params.yaml has no such parameter"),
        (
            {"train.recommender.lightfm.epochs": 3},
            "override 'train.recommender.lightfm.epochs': params.yaml has no such parameter",
        ),
        ({"train.seed.deeper": 1}, "override 'train.seed.deeper': params.yaml has no such parameter"),
        (
            {"data.version": "x"},
            "override 'data.version': the flow sets it itself",
        ),
        ({"split.test_share": 3}, "override 'split.test_share': Input should be less than 1"),
    ],
)
def test_a_wrong_override_is_named(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError) as caught:
        make_params(Workbench(Settings(project=PROJECT)), "data-v1", overrides)
    assert str(caught.value) == message


def test_overrides_are_put_beside_what_the_flow_sets() -> None:
    params = make_params(Workbench(Settings(project=PROJECT)), "data-v7", {"train.seed": 7})
    assert (params.data.version, params.train.seed, len(params.code.digest)) == ("data-v7", 7, 16)


def test_what_a_version_was_ingested_with_holds_for_its_model_too() -> None:
    """So that the service takes a rating of 8 where the data's go up to 10, and a like for what it was worth there."""
    options = {"min_value": 1, "max_value": 10, "implicit_value": 9}
    ingest = make_params(Workbench(Settings(project=PROJECT)), "data-v7", {}, None, options).ingest
    assert (ingest.min_value, ingest.max_value, ingest.implicit_value) == (1, 10, 9)
    with pytest.raises(TrainingError, match=r"data-v7 was ingested with .*colour"):
        make_params(Workbench(Settings(project=PROJECT)), "data-v7", {}, None, {"colour": "red"})


def test_without_data_the_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="ingest/default"):
        find_data(DataRegistry(Settings(project=PROJECT, home=tmp_path)), None)


def test_the_demo_trains_the_pipeline_of_its_preset(settings: Settings) -> None:
    demo, whole = (make_params(Workbench(settings), "data-v1", {}, preset).train for preset in (None, "none"))
    assert isinstance(demo.recommender, PipelineConfig)
    assert isinstance(whole.recommender, PipelineConfig)
    assert len(demo.recommender.generators) < len(whole.recommender.generators)
    assert whole == read_params(PROJECT / "params.yaml").train


def test_an_override_wins_over_the_preset(settings: Settings) -> None:
    overrides = {"train.recommender.pipeline.n_splits": 1}
    recommender = make_params(Workbench(settings), "data-v1", overrides, "demo").train.recommender
    assert isinstance(recommender, PipelineConfig)
    assert recommender.n_splits == 1


def test_production_has_no_preset_unless_it_names_one(settings: Settings) -> None:
    assert settings.model_copy(update={"demo": False}).train_preset is None
    assert settings.model_copy(update={"demo": False, "preset": "demo"}).train_preset == "demo"


def test_an_unknown_preset_is_refused_with_those_that_exist(settings: Settings) -> None:
    with pytest.raises(ParamsError, match=r"no preset 'huge'.*known are demo"):
        make_params(Workbench(settings), "data-v1", {}, "huge")


def test_a_preset_changes_nothing_but_training(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("split.test_share: 0.5\n")
    with pytest.raises(ParamsError, match=r"below train\."):
        read_preset(tmp_path, "odd")
