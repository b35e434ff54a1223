"""Slots follow the shares of an adaptive experiment, and nobody who was seen is moved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bentos.allocated_users import AllocatedUsers
from bentos.served_release import ServedExperiment, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.allocated import SqlAllocated
from components.adapters.store.experiments.declared import PlannedSize, SqlExperiments
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.experiments.assignment import VariantShares, assign_variant
from tests.asgi_client import call
from tests.experiment_worlds import START, declaration, exposure_row, write
from tests.worlds import make_bundle

SPLIT = VariantShares(("control", "varied"), (0.5, 0.5))
USERS = [f"u{n}" for n in range(2_000)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    return settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def experiments(engine: Engine) -> SqlExperiments:
    experiments = SqlExperiments(engine, lambda: START)
    adaptive = declaration(primary="clickers", allocation="top-two")
    experiments.declare(adaptive, PlannedSize(100, 14), "test")
    return experiments


@pytest.fixture
def users(engine: Engine, experiments: SqlExperiments) -> Iterator[AllocatedUsers]:
    users = AllocatedUsers(SPLIT, "exp-1", SqlAllocated(engine, "exp-1"), lambda: None, 0.02)
    yield users
    users.close()


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_whoever_was_seen_stays_and_new_users_come_under_the_new_shares(
    users: AllocatedUsers, experiments: SqlExperiments
) -> None:
    before = {user: users.variant_of(user) for user in USERS[:1_000]}
    assert before == {user: assign_variant(SPLIT, "exp-1", user) for user in before}
    experiments.allocate("exp-1", (0.9, 0.1))
    until(lambda: users._split.shares == (0.9, 0.1))
    new = Counter(users.variant_of(user) for user in USERS[1_000:])
    assert 850 < new["control"] < 950
    assert {user: users.variant_of(user) for user in before} == before
    experiments.allocate("exp-1", (0.1, 0.9))
    until(lambda: users._split.shares == (0.1, 0.9))
    assert {user: users.variant_of(user) for user in before} == before


def test_whom_another_process_has_seen_is_known_also_after_a_restart(
    users: AllocatedUsers, experiments: SqlExperiments, engine: Engine
) -> None:
    other = {"control": "varied", "varied": "control"}
    exposed = {user: other[assign_variant(SPLIT, "exp-1", user)] for user in USERS[:50]}
    write(engine, exposed=[exposure_row(user, variant, START) for user, variant in exposed.items()])
    until(lambda: len(users._seen) == 50)
    assert {user: users.variant_of(user) for user in exposed} == exposed
    late = exposure_row("late", "varied", START - 30)  # written after one that came later
    write(engine, exposed=[late, exposure_row("else", "varied", START, experiment_id="exp-2")])
    until(lambda: users._seen.get("late") == "varied")
    assert "else" not in users._seen
    again = AllocatedUsers(SPLIT, "exp-1", SqlAllocated(engine, "exp-1"), lambda: None)
    assert {user: again.variant_of(user) for user in exposed} == exposed
    again.close()


def test_a_store_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    nowhere = open_engine(f"sqlite:///{tmp_path / 'none' / 'x.db'}")
    users = AllocatedUsers(SPLIT, "exp-1", SqlAllocated(nowhere, "exp-1"), nowhere.dispose, 0.01)
    assert users.variant_of("u1") == assign_variant(SPLIT, "exp-1", "u1")
    users.close()


def test_a_service_gives_users_what_the_store_says_they_have(
    settings: Settings, experiments: SqlExperiments, engine: Engine, tmp_path: Path
) -> None:
    routing = RoutingConfig(cold_start_threshold=5, candidates=200)
    source = tmp_path / "src"
    make_bundle(source / "bundle", seed=1)
    variants = tuple(ServedVariant(name=name, share=0.5, routing=routing, model_version=1) for name in SPLIT.variants)
    served = ServedExperiment(experiment_id="exp-1", salt="exp-1", allocation="top-two")
    ServedRelease(release_id="release-1", variants=variants, experiment=served).write(source)
    other = {"control": "varied", "varied": "control"}
    exposed = {user: other[assign_variant(SPLIT, "exp-1", user)] for user in USERS[:10]}
    write(engine, exposed=[exposure_row(user, variant, START) for user, variant in exposed.items()])
    app = build_app(settings, source)
    for user, variant in exposed.items():
        assert call(app, "POST", "/recommend", {"user_id": user}).json["variant"] == variant
    app.close()
