"""Laws of the pipeline repository, with a real Git and DVC and two toy stages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.adapters.dvc.pipeline_repository import (
    PipelineError,
    PipelineRepository,
    PipelineRun,
    PipelineUnchanged,
)
from components.adapters.files.params_file import read_params
from components.config.settings import Settings
from components.params.params import Params

TRAIN = """
import json, pathlib, sys, yaml
seed = yaml.safe_load(open("params.yaml"))["train"]["seed"]
print("training with seed", seed)
if seed < 0:
    sys.exit("a seed below zero")
pathlib.Path("artifacts/train").mkdir(parents=True)
pathlib.Path("artifacts/train/model").write_text(str(seed))
pathlib.Path("metrics").mkdir(exist_ok=True)
pathlib.Path("metrics/evaluate.json").write_text(json.dumps({"ndcg_at_10": seed / 100}))
pathlib.Path("metrics/index.json").write_text(json.dumps({"recall_at_100": 1, "kind": "exact"}))
"""
BUNDLE = """
import pathlib, shutil
pathlib.Path("artifacts/bundle").mkdir(parents=True)
shutil.copytree("artifacts/train", "artifacts/bundle/deep/train")
pathlib.Path("artifacts/bundle/bundle.json").write_text("{}")
"""
GRAPH = """
stages:
  train:
    cmd: python -m toy_train
    params: [train.seed, data.version, code.digest]
    outs: [artifacts/train]
    metrics:
    - metrics/evaluate.json: {cache: false}
    - metrics/index.json: {cache: false}
  bundle:
    cmd: python -m toy_bundle
    deps: [artifacts/train]
    outs: [artifacts/bundle]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    project = tmp_path / "project"
    project.mkdir()
    (project / "toy_train.py").write_text(TRAIN)
    (project / "toy_bundle.py").write_text(BUNDLE)
    (project / "dvc.yaml").write_text(GRAPH)
    return Settings(project=project, home=Path("home"))


def with_seed(seed: int) -> Params:
    params = read_params(Path(__file__).parents[4] / "params.yaml")
    return params.model_copy(update={"train": params.train.model_copy(update={"seed": seed})})


def ran(outcome: PipelineRun | PipelineUnchanged) -> PipelineRun:
    assert isinstance(outcome, PipelineRun)
    return outcome


def test_runs_are_tagged_and_compared_and_a_run_without_change_does_nothing(settings: Settings, tmp_path: Path) -> None:
    repository = PipelineRepository(settings)
    lines: list[str] = []
    assert repository.last() is None
    first = ran(repository.run(with_seed(1), lines.append))
    assert (first.tag, first.params) == ("run-1", with_seed(1))
    assert first.metrics == {"ndcg_at_10": 0.01, "index_recall_at_100": 1.0}
    assert "Running stage 'train':" in lines
    assert "training with seed 1" in lines
    assert first.bundle_md5 == first.stage_md5s["bundle"]["artifacts/bundle"]
    assert first.bundle_md5 == dvc_folder_md5(settings.pipeline_folder / "artifacts" / "bundle")

    assert repository.run(with_seed(1)) == PipelineUnchanged(first)
    (repository.folder / "params.yaml").write_text("left by a killed run")
    assert repository.last() == first

    second = ran(repository.run(with_seed(2)))
    assert second.tag == "run-2"
    assert second.bundle_md5 != first.bundle_md5
    table = subprocess.run(
        [sys.executable, "-m", "dvc", "metrics", "diff", "run-1", "run-2"],
        cwd=settings.pipeline_folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ndcg_at_10" in table
    assert "0.02" in table

    repository.export(first, "artifacts/bundle", tmp_path / "out")
    assert dvc_folder_md5(tmp_path / "out") == first.bundle_md5
    assert (tmp_path / "out" / "deep" / "train" / "model").read_text() == "1"
    repository.export(second, "artifacts/bundle", tmp_path / "newest")
    assert dvc_folder_md5(tmp_path / "newest") == second.bundle_md5
    with pytest.raises(PipelineError, match="run-1 has no output artifacts/nothing"):
        repository.export(first, "artifacts/nothing", tmp_path / "none")
    shutil.rmtree(settings.dvc_cache_folder)
    with pytest.raises(PipelineError, match="artifacts/bundle of run-1 cannot be read back"):
        repository.export(first, "artifacts/bundle", tmp_path / "lost")


def test_a_failing_stage_is_named_with_its_last_lines_and_the_next_run_goes_on(settings: Settings) -> None:
    repository = PipelineRepository(settings)
    with pytest.raises(PipelineError, match=r"stage 'train' failed(.|\n)*a seed below zero"):
        repository.run(with_seed(-1))
    assert ran(repository.run(with_seed(3))).tag == "run-1"


def test_what_a_killed_run_left_is_dropped(settings: Settings) -> None:
    repository = PipelineRepository(settings)
    first = ran(repository.run(with_seed(1)))
    (repository.folder / "dvc.lock").write_text("half a fi")
    (repository.folder / "metrics" / "left.json").write_text("{")
    (repository.folder / ".git" / "index.lock").touch()
    (repository.folder / "artifacts" / "train" / "model").write_text("hal")
    assert repository.run(with_seed(1)) == PipelineUnchanged(first)
    assert (repository.folder / "artifacts" / "train" / "model").read_text() == "1"


def test_a_run_that_died_between_commit_and_tag_is_run_again(settings: Settings) -> None:
    repository = PipelineRepository(settings)
    first = ran(repository.run(with_seed(1)))
    subprocess.run(["git", "tag", "--delete", "run-1"], cwd=repository.folder, check=True, capture_output=True)
    again = ran(repository.run(with_seed(1)))
    assert (again.tag, again.bundle_md5) == ("run-1", first.bundle_md5)


def test_runs_at_the_same_time_take_turns(settings: Settings) -> None:
    runs: list[PipelineRun | PipelineUnchanged] = []
    threads = [
        threading.Thread(target=lambda seed=seed: runs.append(PipelineRepository(settings).run(with_seed(seed))))
        for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran(run).tag for run in runs) == ["run-1", "run-2"]
    assert {ran(run).metrics["ndcg_at_10"] for run in runs} == {0.01, 0.02}


def test_the_next_run_waits_for_stages_that_outlive_a_killed_run(settings: Settings) -> None:
    go, waiting = settings.project / "go", settings.project / "waiting"
    stage = f"""
import pathlib, time
pathlib.Path({str(waiting)!r}).touch()
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.05)
"""
    (settings.project / "toy_train.py").write_text(stage + TRAIN)
    script = (
        "from tests.components.adapters.dvc.test_pipeline_repository import *; "
        f"PipelineRepository(Settings(project=Path({str(settings.project)!r}), home=Path('home'))).run(with_seed(1))"
    )
    killed = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    while not waiting.exists():
        assert killed.poll() is None
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    with pytest.raises(PipelineError, match="held"):
        PipelineRepository(settings, lock_wait_seconds=0.2).run(with_seed(2))
    go.touch()
    assert ran(PipelineRepository(settings).run(with_seed(2))).metrics["ndcg_at_10"] == 0.02


def test_a_graph_without_a_bundle_is_refused(settings: Settings) -> None:
    (settings.project / "dvc.yaml").write_text(GRAPH.replace("artifacts/bundle", "artifacts/other"))
    (settings.project / "toy_bundle.py").write_text(BUNDLE.replace("artifacts/bundle", "artifacts/other"))
    with pytest.raises(PipelineError, match="exactly one stage"):
        PipelineRepository(settings).run(with_seed(1))


def test_a_project_without_a_graph_is_an_error_that_names_the_file(settings: Settings) -> None:
    (settings.project / "dvc.yaml").unlink()
    with pytest.raises(PipelineError, match=r"dvc\.yaml"):
        PipelineRepository(settings).run(with_seed(1))
