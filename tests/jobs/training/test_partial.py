"""What a partial retraining keeps of the last run, and when it is a full one all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.adapters.dvc.pipeline_repository import PipelineError, PipelineRun
from components.adapters.files.params_file import read_params
from components.config.settings import Settings
from components.params.overrides import with_overrides
from components.params.params import Params
from jobs.training.partial import keep_choice
from jobs.wiring.workbench import Workbench

PROJECT = Path(__file__).parents[3]
PARAMS = read_params(PROJECT / "params.yaml")


class LastRun:
    """A pipeline repository of which the last run is known."""

    def __init__(self, tag: str, params: Params | None) -> None:
        self._tag, self._params = tag, params
        self.exported: list[tuple[str, str]] = []

    def last(self) -> PipelineRun | None:
        return None if self._params is None else PipelineRun(self._tag, "c", self._params, {}, {}, "md5", "")

    def export(self, run: PipelineRun, path: str, to: Path) -> None:
        self.exported.append((run.tag, path))
        to.mkdir(parents=True)


class Unreadable(LastRun):
    def last(self) -> PipelineRun | None:
        raise PipelineError("params.yaml is of another version")


def on(version: str, **changes: Any) -> Params:
    return with_overrides(PARAMS, {"data.version": version, **{k.replace("__", "."): v for k, v in changes.items()}})


def kept(folder: Path, repository: LastRun, params: Params) -> tuple[str | None, list[str]]:
    """The run whose choice is kept, and what was said."""
    bench, said = Workbench(Settings(project=PROJECT, home=folder)), []
    bench.pipeline = repository
    found = keep_choice(bench, params, said.append)
    assert found.model_copy(update={"data": params.data}) == params
    return found.data.choice_of, said


def test_the_choice_of_the_last_full_run_is_kept_for_newer_data(tmp_path: Path) -> None:
    repository = LastRun("run-3", on("data-v7"))
    assert kept(tmp_path, repository, on("data-v8"))[0] == "run-3"
    assert repository.exported == [("run-3", "artifacts/choice")]
    assert (tmp_path / "choices" / "run-3").is_dir()


def test_a_partial_run_after_a_partial_run_keeps_the_same_choice(tmp_path: Path) -> None:
    repository = LastRun("run-5", on("data-v8", data__choice_of="run-3"))
    assert kept(tmp_path, repository, on("data-v9"))[0] == "run-3"


def test_a_newer_full_run_replaces_what_was_kept(tmp_path: Path) -> None:
    kept(tmp_path, LastRun("run-3", on("data-v7")), on("data-v8"))
    kept(tmp_path, LastRun("run-6", on("data-v9")), on("data-v10"))
    assert [path.name for path in (tmp_path / "choices").iterdir()] == ["run-6"]


@pytest.mark.parametrize("before", [None, "run-3"])
def test_with_no_newer_data_the_run_stands_as_it_is(before: str | None, tmp_path: Path) -> None:
    repository = LastRun("run-5", on("data-v8", data__choice_of=before))
    assert kept(tmp_path, repository, on("data-v8"))[0] == before


@pytest.mark.parametrize(
    ("last", "now", "reason"),
    [
        (None, {}, "there is no run yet"),
        ({"code__digest": "other"}, {}, "`code`"),
        ({"train__seed": 7}, {}, "`train`"),
        ({"split__test_share": 0.3}, {}, "`split`"),
        ({"prepare__positive_threshold": 3.0}, {}, "`prepare`"),
        ({"routing__repeats": True}, {}, "`routing`"),
        ({"split__protocol": "random"}, {"split__protocol": "random"}, "drawn at random"),
        ({"train__recommender": "ease"}, {"train__recommender": "ease"}, "nothing that could be kept"),
    ],
)
def test_where_the_choice_may_not_hold_the_training_is_full_and_says_why(
    last: dict[str, Any] | None, now: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    repository = LastRun("run-3", None if last is None else on("data-v7", **last))
    found, said = kept(tmp_path, repository, on("data-v8", **now))
    assert found is None
    assert reason in said[0]


def test_a_last_run_that_cannot_be_read_means_a_full_training(tmp_path: Path) -> None:
    found, said = kept(tmp_path, Unreadable("run-3", None), on("data-v8"))
    assert (found, "another version" in said[0]) == (None, True)
