"""An experiment in the service: who gets which variant, what is logged of it, and what probes see."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from bentos.asgi_app import RecopsApp
from bentos.build import build_bento, served_release
from bentos.served_release import ServedExperiment, ServedRelease, ServedVariant
from bentos.wiring import build_app, make_variants
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import exposures, requests
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.experiments.assignment import VariantShares, assign_variant
from components.rollout.release import Release, Variant
from components.serving.bundle import read_bundle, record_expected_answers
from components.serving.expected_answers import expected_answers
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.serving.variants import Experiment, Variants
from tests.asgi_client import call
from tests.worlds import make_bundle

ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)
USERS = [str(user) for user in range(1, 60)]
SPLIT = VariantShares(("control", "other"), (0.5, 0.5))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", slot="blue")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "src"
    make_bundle(source / "bundle", seed=1)
    make_bundle(source / "bundle-2", seed=2)
    write_release(source, "release-1", "exp-1")
    return source


def write_release(folder: Path, release_id: str, experiment_id: str) -> None:
    ServedRelease(
        release_id=release_id,
        variants=(
            ServedVariant(name="control", share=0.5, routing=ROUTING, model_version=1),
            ServedVariant(name="other", share=0.5, bundle="bundle-2", routing=ROUTING, model_version=2),
        ),
        experiment=ServedExperiment(experiment_id=experiment_id, salt=experiment_id),
    ).write(folder)


@pytest.fixture
def app(settings: Settings, folder: Path) -> Iterator[RecopsApp]:
    migrate(settings.store_url)
    app = build_app(settings, folder)
    yield app
    app.close()


def variants_of(app: RecopsApp) -> dict[str, str]:
    return {user: call(app, "POST", "/recommend", {"user_id": user}).json["variant"] for user in USERS}


def rows_of(settings: Settings, table: object) -> list[Row]:
    engine = open_engine(settings.store_url)
    with reading(engine) as db:
        rows = list(db.execute(select(table)))  # type: ignore[call-overload]
    engine.dispose()
    return rows


def test_the_salt_decides_and_stays_through_releases_and_restarts(
    app: RecopsApp, settings: Settings, folder: Path
) -> None:
    expected = {user: assign_variant(SPLIT, "exp-1", user) for user in USERS}
    assert set(expected.values()) == {"control", "other"}
    assert variants_of(app) == expected
    write_release(folder, "release-2", "exp-1")
    again = build_app(settings, folder)
    assert variants_of(again) == expected
    again.close()
    write_release(folder, "release-3", "exp-2")
    another = build_app(settings, folder)
    assert variants_of(another) != expected
    another.close()


def ask(app: RecopsApp, user: str, probe: str | None = None) -> dict[str, Any]:
    headers = {"x-recops-probe": probe} if probe else {}
    return dict(call(app, "POST", "/recommend", {"user_id": user}, headers).json)


def test_a_variant_answers_with_its_own_model(app: RecopsApp) -> None:
    for user in ("6", "7", "8"):
        control, other = (ask(app, user, variant)["items"] for variant in SPLIT.variants)
        assert control != other
        assert ask(app, user)["items"] == (control if assign_variant(SPLIT, "exp-1", user) == "control" else other)


class Swapped(Variants):
    """An assignment that goes wrong: whoever should get one variant is answered by the other one."""

    def path_of(self, user_id: str) -> RequestPath:
        right = super().path_of(user_id)
        return next(path for path in self.all_paths() if path is not right)


def test_two_variants_swapped_behind_the_assignment_are_logged_as_what_answered(
    app: RecopsApp, settings: Settings, folder: Path
) -> None:
    ours = make_variants(ServedRelease.read(folder), folder, "blue")
    swapped = Swapped(ours.all_paths(), Experiment("exp-1", "exp-1", SPLIT))
    app._variants = swapped
    said = {user: call(app, "POST", "/recommend", {"user_id": user}).json for user in USERS}
    app.close()
    other = {"control": "other", "other": "control"}
    assert {user: body["variant"] for user, body in said.items()} == {
        user: other[assign_variant(SPLIT, "exp-1", user)] for user in USERS
    }
    for row in rows_of(settings, requests):
        answered = ours.named(row.variant)
        assert row.items == [item.item_id for item in answered.recommend(asked(row.user_id), row.request_id).items]
        assert row.experiments == {"exp-1": row.variant}
        assert row.model_version == {"control": 1, "other": 2}[row.variant]
        assert row.variant == said[row.user_id]["variant"]
    exposed = {row.user_id: row.variant for row in rows_of(settings, exposures)}
    assert exposed == {user: body["variant"] for user, body in said.items()}


def asked(user_id: str) -> RecommendRequest:
    return RecommendRequest(user_id=user_id)


def test_a_path_goes_by_its_own_name_and_none_by_another(folder: Path) -> None:
    paths = make_variants(ServedRelease.read(folder), folder, "blue").all_paths()
    with pytest.raises(ValueError, match="not those of the experiment"):
        Variants(paths[::-1], Experiment("exp-1", "exp-1", SPLIT))


def test_a_probe_names_its_variant_and_gets_the_control_without(app: RecopsApp) -> None:
    assert [ask(app, "8", probe)["variant"] for probe in ("control", "other", "smoke-test")] == [
        *("control", "other", "control")
    ]


def test_the_first_answer_to_each_user_is_an_exposure_and_probes_are_none(app: RecopsApp, settings: Settings) -> None:
    call(app, "POST", "/recommend", {"user_id": "probed"}, {"x-recops-probe": "other"})
    first = {user: call(app, "POST", "/recommend", {"user_id": user}).json for user in USERS}
    variants_of(app)
    app.close()
    rows = {row.user_id: row for row in rows_of(settings, exposures)}
    assert rows.keys() == set(USERS)
    for user, row in rows.items():
        assert (row.experiment_id, row.variant, row.release_id) == ("exp-1", first[user]["variant"], "release-1")
        assert row.request_id == first[user]["request_id"]
        assert row.first_at <= time.time()
    known = {row.user_id: row.n_known for row in rows.values()}
    assert (known["1"], known["8"], known["59"]) == (0, 7, 0)
    logged = rows_of(settings, requests)
    assert all(row.experiments == {"exp-1": row.variant} for row in logged)
    assert {(row.variant, row.model_version) for row in logged} == {("control", 1), ("other", 2)}


def test_a_release_carries_a_bundle_for_each_model_and_questions_for_each_variant(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    bundles = {version: make_bundle(tmp_path / f"b{version}", seed=version) for version in (1, 2)}
    for bundle in bundles.values():
        record_expected_answers(bundle, expected_answers(read_bundle(bundle), ROUTING, ["6", "7"], 5))
    varied = ROUTING.model_copy(update={"diversity": ROUTING.diversity.model_copy(update={"strength": 0.9})})
    policies = [{"routing": routing.model_dump()} for routing in (ROUTING, ROUTING, varied)]
    variants = (
        Variant("control", 1, policies[0], share=0.4),
        Variant("newer", 2, policies[1], share=0.3),
        Variant("varied", 1, policies[2], share=0.3),
    )
    summary = {"data_version": "data-v1", "experiment": {"id": "exp-1", "salt": "s"}}
    release = Release("release-1", 1.0, "test", None, "recops:release-1", variants, "c", False, "l", "p", summary)
    served = served_release(release)
    assert [variant.bundle for variant in served.variants] == ["bundle", "bundle-2", "bundle"]
    source = build_bento(settings, bundles, release).path / "src"
    assert ServedRelease.read(source) == served
    questions = json.loads((source / "questions.json").read_text())
    assert {(question["variant"], question["user_id"]) for question in questions} == {
        (name, user) for name in ("control", "newer", "varied") for user in ("6", "7")
    }
    lists = {(question["variant"], question["user_id"]): question["item_ids"] for question in questions}
    assert lists["control", "7"] != lists["newer", "7"]
    assert lists["control", "7"] != lists["varied", "7"]
