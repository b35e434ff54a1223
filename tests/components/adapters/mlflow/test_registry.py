"""Laws of the model registry, against a real MLflow on a database of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.adapters.dvc.pipeline_repository import PipelineRun
from components.adapters.files.params_file import read_params
from components.adapters.machine.git_state import GitState
from components.adapters.mlflow.load_test import ModelLoadError, load_in_clean_process
from components.adapters.mlflow.registry import ModelArtifactError, ModelRegistry, ModelRegistryError, ModelVersion
from components.adapters.mlflow.run import TrainingRecord
from components.config.routing import RoutingConfig
from components.serving.bundle import ExpectedAnswer, read_bundle, record_expected_answers
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.worlds import make_bundle

# MLflow warns about itself when imported, and its database code uses deprecated parts of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore")

PARAMS = read_params(Path(__file__).parents[4] / "params.yaml")
CLEAN_PROCESS = """
import sys, mlflow, pandas
model = mlflow.pyfunc.load_model("models:/recops-recommender@challenger")
print(model.predict(pandas.DataFrame({"user_id": ["8", "nobody"]}), params={"k": 3}).to_json(orient="records"))
"""


def answer(bundle: Path, user_id: str, k: int, routing: RoutingConfig = PARAMS.routing) -> ExpectedAnswer:
    path = RequestPath(read_bundle(bundle), routing, "r", "none", "none")
    items = path.recommend(RecommendRequest(user_id=user_id, k=k), "q").items
    return ExpectedAnswer(user_id, k, tuple(i.item_id for i in items), tuple(float(i.score) for i in items))


def record(folder: Path, tag: str = "run-1", **world: int) -> TrainingRecord:
    bundle = make_bundle(folder / "bundle", **world)
    record_expected_answers(bundle, [answer(bundle, user, 10) for user in ("1", "2", "8", "nobody")])
    pictures = folder / "pictures"
    pictures.mkdir()
    (pictures / "coverage.png").write_bytes(b"png")
    run = PipelineRun(
        tag=tag,
        commit="c" * 40,
        params=PARAMS,
        metrics={"ndcg_at_10": 0.12},
        stage_md5s={"split": {"artifacts/split": "abc.dir"}},
        bundle_md5=dvc_folder_md5(bundle),
        dvc_lock="stages: {}\n",
    )
    return TrainingRecord(run, bundle, pictures, GitState("d" * 40, True), "/registry", "e" * 32 + ".dir")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where MLflow keeps everything: with a database for address, it writes artifacts to the working directory."""
    folder = tmp_path_factory.mktemp("mlflow")
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def registry(folder: Path) -> ModelRegistry:
    return ModelRegistry(f"sqlite:///{folder}/mlflow.db")


@pytest.fixture(scope="module")
def first(registry: ModelRegistry, folder: Path) -> tuple[TrainingRecord, ModelVersion]:
    logged = record(folder / "first")
    return logged, registry.register(logged)


def test_a_version_carries_its_lineage_and_metrics(
    registry: ModelRegistry, first: tuple[TrainingRecord, ModelVersion]
) -> None:
    logged, version = first
    assert version == registry.version(version.version)
    assert (version.bundle_md5, version.data_version) == (logged.run.bundle_md5, "data-v1")
    assert (version.tags["pipeline_run"], version.tags["project_commit"]) == ("run-1", "d" * 40)
    assert version.metrics == {"ndcg_at_10": 0.12}
    assert registry.recipe_of(version) == PARAMS.train


def test_the_run_shows_parameters_pictures_and_the_data(
    registry: ModelRegistry, first: tuple[TrainingRecord, ModelVersion]
) -> None:
    import mlflow

    run = mlflow.get_run(first[1].run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["dvc_md5.artifacts/split"] == "abc.dir"
    assert run.data.params["train.recommender.pipeline.ranker.rounds"] == "100"
    (data,) = (given.dataset for given in run.inputs.dataset_inputs)
    assert (data.name, data.digest) == ("data-v1", "e" * 32 + ".dir")
    names = {
        file.path
        for path in ("plots", "lineage")
        for file in mlflow.MlflowClient().list_artifacts(run.info.run_id, path)
    }
    assert names == {"plots/coverage.png", "lineage/bundle_md5s.json", "lineage/dvc.lock", "lineage/params.yaml"}


def test_the_same_bundle_is_registered_once(
    registry: ModelRegistry, first: tuple[TrainingRecord, ModelVersion], tmp_path: Path
) -> None:
    again = record(tmp_path, tag="run-9")
    assert registry.register(again) == first[1]
    assert registry.version_of_bundle("another") is None


def test_a_bundle_that_the_pipeline_did_not_make_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    made = record(tmp_path, seed=5)
    (made.bundle / "users.json").write_text("[]")
    with pytest.raises(ModelArtifactError, match="but run-1 made"):
        registry.register(made)


def test_a_clean_process_gets_the_answers_of_the_bundle(
    registry: ModelRegistry, first: tuple[TrainingRecord, ModelVersion], folder: Path, tmp_path: Path
) -> None:
    """Only MLflow's own call, from a folder that holds nothing of the project."""
    logged, version = first
    registry.set_alias("challenger", version.version)
    done = subprocess.run(
        [sys.executable, "-c", CLEAN_PROCESS],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(done.stdout)
    expected = [answer(logged.bundle, user, 3) for user in ("8", "nobody")]
    assert [row["item_id"] for row in rows] == [*expected[0].item_ids, *expected[1].item_ids]
    assert [row["rank"] for row in rows] == [1, 2, 3, 1, 2, 3]
    assert [row["route"] for row in rows] == ["cf"] * 3 + ["popularity"] * 3


def test_the_load_test_compares_all_expected_answers(first: tuple[TrainingRecord, ModelVersion], folder: Path) -> None:
    assert load_in_clean_process(f"sqlite:///{folder}/mlflow.db", first[1].uri) == 4


def test_a_model_that_answers_otherwise_than_its_bundle_is_refused(
    registry: ModelRegistry, folder: Path, tmp_path: Path
) -> None:
    wrong = record(tmp_path, tag="run-2", seed=7)
    record_expected_answers(wrong.bundle, [ExpectedAnswer("1", 2, ("104", "101"), (1.0, 1.0))])
    run = dataclasses.replace(wrong.run, bundle_md5=dvc_folder_md5(wrong.bundle))
    version = registry.register(dataclasses.replace(wrong, run=run))
    with pytest.raises(ModelLoadError, match=r"user '1' should get \['104', '101'\]"):
        load_in_clean_process(f"sqlite:///{folder}/mlflow.db", version.uri)


@pytest.mark.parametrize("planted", ["code", "loader", "pickle"])
def test_code_that_mlflow_gives_in_place_of_ours_is_not_run(
    registry: ModelRegistry, folder: Path, tmp_path: Path, planted: str
) -> None:
    logged = record(tmp_path / "logged", tag="run-9", seed=20 + len(planted))
    version = registry.register(logged)
    (model,) = (
        path.parent
        for path in (folder / "mlruns").rglob("MLmodel")
        if dvc_folder_md5(path.parent / "artifacts" / "bundle") == version.bundle_md5
    )
    described = (model / "MLmodel").read_text()
    evidence = tmp_path / "ran"
    if planted == "code":
        with (model / "model.py").open("a") as code:
            code.write(f"\nopen({str(evidence)!r}, 'w').close()\n")
    elif planted == "loader":
        (model / "MLmodel").write_text(described.replace("mlflow.pyfunc.loaders.code_model", "antigravity"))
    else:
        more = "    python_model: x.pkl\n    loader_module:"
        (model / "MLmodel").write_text(described.replace("    loader_module:", more))
    with pytest.raises(ModelLoadError, match="is not loaded"):
        load_in_clean_process(f"sqlite:///{folder}/mlflow.db", version.uri)
    assert not evidence.exists()


def test_aliases_move_and_an_absent_one_is_none(
    registry: ModelRegistry, first: tuple[TrainingRecord, ModelVersion], tmp_path: Path
) -> None:
    second = registry.register(record(tmp_path, tag="run-3", seed=8))
    registry.set_alias("champion", first[1].version)
    registry.set_alias("champion", second.version)
    registry.set_tags(second.version, {"gate": "passed"})
    champion = registry.version_with_alias("champion")
    assert champion is not None
    assert (champion.version, champion.tags["gate"]) == (second.version, "passed")
    assert registry.version_with_alias("nobody") is None
    registry.drop_alias("champion", first[1].version)
    assert registry.version_with_alias("champion") is not None
    registry.drop_alias("champion", second.version)
    registry.drop_alias("champion", second.version)
    assert registry.version_with_alias("champion") is None
    with pytest.raises(ModelRegistryError, match="999"):
        registry.version(999)


def test_a_bundle_comes_back_byte_for_byte_and_a_damaged_one_does_not(
    registry: ModelRegistry, folder: Path, tmp_path: Path
) -> None:
    logged = record(tmp_path / "logged", tag="run-4", seed=9)
    version = registry.register(logged)
    registry.download_bundle(version, tmp_path / "out")
    assert dvc_folder_md5(tmp_path / "out") == logged.run.bundle_md5

    (kept,) = (
        path.parent
        for path in folder.rglob("artifacts/bundle/bundle.json")
        if path.is_relative_to(folder / "mlruns") and dvc_folder_md5(path.parent) == version.bundle_md5
    )
    (kept / "users.json").write_text("[]")
    (kept / "items.json").unlink()
    (kept / "more").touch()
    with pytest.raises(ModelArtifactError, match=r"items\.json is missing; users\.json is damaged; more is not part"):
        registry.download_bundle(version, tmp_path / "damaged")
    assert not (tmp_path / "damaged").exists()


def test_a_run_left_open_by_a_killed_process_is_closed(registry: ModelRegistry, tmp_path: Path) -> None:
    import mlflow

    logged = record(tmp_path, tag="run-5", seed=10)
    mlflow.set_experiment("recops-retrain")
    left = mlflow.MlflowClient().create_run(
        mlflow.get_experiment_by_name("recops-retrain").experiment_id, tags={"bundle_md5": logged.run.bundle_md5}
    )
    registry.register(logged)
    assert mlflow.get_run(left.info.run_id).info.status == "KILLED"


def test_an_mlflow_that_does_not_answer_is_an_error_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ModelRegistryError, match=r"MLflow at http://127\.0\.0\.1:9"):
        ModelRegistry("http://127.0.0.1:9").version(1)
