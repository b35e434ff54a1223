"""Which experiment a promotion serves, and what its variants become."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import insert

from bentos.build import served_release
from components.adapters.files.params_file import read_params
from components.adapters.mlflow.registry import ModelVersion
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.declared import SqlExperiments
from components.adapters.store.tables import requests
from components.config.settings import Settings
from components.rollout.outcomes import PromotionRefused
from components.rollout.release import Release
from components.rollout.routing import RoutingState
from jobs.experiments.choose import Chosen, choose_experiment, record_served
from jobs.promotion.plan import ReleasePlan, make_plan
from jobs.wiring.workbench import Workbench
from tests.components.rollout.fake_world import make_release
from tests.experiment_worlds import request_row

PROJECT = Settings().project
READ = read_params(PROJECT / "params.yaml")
PARAMS = READ.model_copy(update={"llm": READ.llm.model_copy(update={"enabled": "off"})})  # so that no prompt is pinned
GOOD: dict[str, Any] = {
    "name": "exp-1",
    "variants": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "policy": {"routing.diversity.strength": 0.3}},
    ],
    "primary": "ctr",
    "test": "sequential",
    "minimum_effect": {"size": 0.1},
    "baseline": {"mean": 0.02, "std": 0.03, "users_per_day": 500},
}


class OneRelease:
    """The part of a release store that says what is live."""

    def __init__(self, live: Release | None) -> None:
        self._live = live

    def routing(self) -> RoutingState:
        slot = None if self._live is None else "blue"
        live = {"blue": self._live and self._live.release_id, "green": None}
        return RoutingState(1, 1, slot, 100, False, live, {"blue": True, "green": False})

    def release(self, release_id: str) -> Release:
        assert self._live is not None
        return self._live


class Registry:
    """Versions 1 to 3, the last of which did not pass."""

    def version(self, version: int) -> ModelVersion:
        gate = {"gate": "passed"} if version < 3 else {"gate": "refused", "gate_reason": "worse"}
        tags = {**gate, "params_digest": "p", "data_version": "data-v1", "bundle_md5": "m"}
        return ModelVersion(version, f"run-{version}", tags, {})

    def version_with_alias(self, alias: str) -> ModelVersion:
        return self.version(2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    migrate(settings.store_url)
    return settings


def choose(
    settings: Settings, live: Release | None, file: Path | None = None, end: bool = False
) -> Chosen | PromotionRefused:
    bench = Workbench(settings)
    bench.store.releases = OneRelease(live)  # type: ignore[assignment]
    return choose_experiment(bench, PARAMS, None if file is None else str(file), end, "test")


def serve(settings: Settings, chosen: Chosen) -> None:
    record_served(SqlExperiments(open_engine(settings.store_url)), chosen)


def planned(settings: Settings, chosen: Chosen, model: int | None) -> ReleasePlan | PromotionRefused:
    bench = Workbench(settings)
    bench.models = Registry()  # type: ignore[assignment]
    return make_plan(bench, PARAMS, model, chosen.experiment)


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "experiment.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changes}))
    return path


def serving(name: str) -> Release:
    release = make_release("release-1", model_version=1)
    release.summary["experiment"] = {"id": name, "salt": name}
    return release


def test_a_file_starts_an_experiment_on_the_live_model(settings: Settings, tmp_path: Path) -> None:
    chosen = choose(settings, make_release("release-1", model_version=1), written(tmp_path))
    assert isinstance(chosen, Chosen)
    assert chosen.live_model == 1
    plan = planned(settings, chosen, chosen.live_model)
    assert isinstance(plan, ReleasePlan)
    release = plan.release("release-2", None, "test", "tag", 0.0)
    assert [(v.name, v.share, v.model_version) for v in release.variants] == [("control", 0.5, 1), ("varied", 0.5, 1)]
    strengths = [variant.policy["routing"]["diversity"]["strength"] for variant in release.variants]
    assert strengths == [PARAMS.routing.diversity.strength, 0.3]
    assert release.experiment is not None
    assert (release.experiment.experiment_id, release.experiment.salt) == ("exp-1", "exp-1")
    assert release.experiment.design == "parallel"


def test_an_interleaved_experiment_is_served_as_one(settings: Settings, tmp_path: Path) -> None:
    chosen = choose(settings, make_release("release-1", model_version=1), written(tmp_path, design="interleaved"))
    assert isinstance(chosen, Chosen)
    plan = planned(settings, chosen, 1)
    assert isinstance(plan, ReleasePlan)
    served = served_release(plan.release("release-2", None, "test", "tag", 0.0))
    assert served.experiment is not None
    assert (served.experiment.design, served.experiment.salt) == ("interleaved", "exp-1")


def test_an_adaptive_experiment_is_served_as_one(settings: Settings, tmp_path: Path) -> None:
    file = written(tmp_path, allocation="top-two", primary="clickers")
    chosen = choose(settings, make_release("release-1", model_version=1), file)
    assert isinstance(chosen, Chosen)
    plan = planned(settings, chosen, 1)
    assert isinstance(plan, ReleasePlan)
    served = served_release(plan.release("release-2", None, "test", "tag", 0.0))
    assert served.experiment is not None
    assert (served.experiment.design, served.experiment.allocation) == ("parallel", "top-two")


def test_a_running_experiment_goes_on_with_the_next_model_and_ends_by_a_promotion(
    settings: Settings, tmp_path: Path
) -> None:
    started = choose(settings, make_release("release-1"), written(tmp_path))
    assert isinstance(started, Chosen)
    serve(settings, started)
    following = choose(settings, serving("exp-1"))
    assert isinstance(following, Chosen)
    assert (following.experiment and following.experiment.name, following.live_model) == ("exp-1", None)
    ended = choose(settings, serving("exp-1"), end=True)
    assert ended == Chosen(None, 1)
    serve(settings, ended)
    stored = SqlExperiments(open_engine(settings.store_url)).find("exp-1")
    assert stored is not None
    assert (stored.state, stored.ended_at is not None) == ("ended", True)
    again = choose(settings, make_release("release-1"), written(tmp_path))
    assert isinstance(again, PromotionRefused)
    assert "has ended" in again.reason


def test_another_experiment_ends_the_former_one(settings: Settings, tmp_path: Path) -> None:
    for name in ("exp-1", "exp-2"):
        chosen = choose(settings, make_release("release-1"), written(tmp_path, name=name))
        assert isinstance(chosen, Chosen)
        serve(settings, chosen)
    states = {one.name: one.state for one in SqlExperiments(open_engine(settings.store_url)).all()}
    assert states == {"exp-1": "ended", "exp-2": "running"}


def test_a_running_experiment_is_never_changed(settings: Settings, tmp_path: Path) -> None:
    choose(settings, None, written(tmp_path))
    refused = choose(settings, None, written(tmp_path, power=0.9))
    assert isinstance(refused, PromotionRefused)
    assert "give the new one another name" in refused.reason


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"routing.diversity.strenght": 0.3}, "'routing.diversity.strenght': params.yaml has no such parameter"),
        ({"train.seed": 3}, "'train.seed' is no parameter of a policy"),
        ({"routing": 3}, "'routing': Input should be a valid dictionary"),
        ({"routing.diversity.strength": 7}, "'routing.diversity.strength': Input should be less than or equal to 1"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_name(
    settings: Settings, tmp_path: Path, policy: dict[str, Any], said: str
) -> None:
    variants = [GOOD["variants"][0], {"name": "varied", "share": 0.5, "policy": policy}]
    refused = choose(settings, None, written(tmp_path, variants=variants))
    assert isinstance(refused, PromotionRefused)
    assert "variant varied: policy" in refused.reason
    assert said in refused.reason
    assert SqlExperiments(open_engine(settings.store_url)).all() == ()


def test_a_variant_of_a_model_that_did_not_pass_the_gate_is_refused(settings: Settings, tmp_path: Path) -> None:
    variants = [GOOD["variants"][0], {"name": "newer", "share": 0.5, "model_version": 3}]
    chosen = choose(settings, make_release("release-1"), written(tmp_path, variants=variants))
    assert isinstance(chosen, Chosen)
    plan = planned(settings, chosen, 1)
    assert plan == PromotionRefused("variant newer: version 3 did not pass the gate: worse")


def test_without_a_baseline_the_store_is_asked_and_its_silence_is_told(settings: Settings, tmp_path: Path) -> None:
    file = written(tmp_path, baseline=None)
    refused = choose(settings, None, file)
    assert isinstance(refused, PromotionRefused)
    assert "baseline: the store has seen 0 users" in refused.reason
    plain = {"experiments": None, "variant": "default"}
    rows = [request_row(f"r{n}", f"u{n}", time.time() - 60, **plain) for n in range(10)]  # type: ignore[arg-type]
    with open_engine(settings.store_url).begin() as db:
        db.execute(insert(requests), rows)
    refused = choose(settings, None, file)
    assert isinstance(refused, PromotionRefused)
    assert "seen 10 users" in refused.reason  # but no click, so no spread


def test_requests_that_contradict_each_other_are_refused(settings: Settings, tmp_path: Path) -> None:
    assert isinstance(choose(settings, None, end=True), PromotionRefused)
    assert isinstance(choose(settings, serving("exp-1"), written(tmp_path), end=True), PromotionRefused)
    missing = choose(settings, None, tmp_path / "nowhere.yaml")
    assert isinstance(missing, PromotionRefused)
    assert "nowhere.yaml: the file cannot be read" in missing.reason
