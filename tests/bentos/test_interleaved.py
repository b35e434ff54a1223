"""Two variants in one list: what is shown is their draft, it can be drafted again, and the log says who placed what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from bentos.asgi_app import RecopsApp
from bentos.load_gauge import LoadGauge
from bentos.served_release import ServedExperiment, ServedRelease, ServedVariant
from bentos.wiring import build_app, make_variants
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import exposures, requests, shown_items
from components.config.routing import Exploration, RoutingConfig
from components.config.settings import Settings
from components.experiments.assignment import VariantShares
from components.experiments.draft import coin_of, draft_list
from components.experiments.placement import INTERLEAVED, Placement, read_placement
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.serving.variants import Experiment, Variants
from tests.asgi_client import call, send
from tests.worlds import make_bundle

USERS = [str(user) for user in range(1, 40)]
NAMES = ("control", "other")
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200, exploration=Exploration(share=1.0))
"""Chance of its own would blur who is preferred: it must have no say in a drafted list."""
RELEASE = ServedRelease(
    release_id="release-1",
    variants=(
        ServedVariant(name="control", share=0.5, routing=ROUTING, model_version=1),
        ServedVariant(name="other", share=0.5, bundle="bundle-2", routing=ROUTING, model_version=2),
    ),
    experiment=ServedExperiment(experiment_id="exp-1", salt="salt-1", design="interleaved"),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    return settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "src"
    make_bundle(source / "bundle", seed=1)
    make_bundle(source / "bundle-2", seed=2)
    RELEASE.write(source)
    return source


@pytest.fixture
def app(settings: Settings, folder: Path) -> Iterator[RecopsApp]:
    app = build_app(settings, folder)
    yield app
    app.close()


def rows_of(settings: Settings, table: Any) -> list[Row[Any]]:
    engine = open_engine(settings.store_url)
    with reading(engine) as db:
        rows = list(db.execute(select(table)))
    engine.dispose()
    return rows


def ask(app: RecopsApp, user: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return dict(call(app, "POST", "/recommend", {"user_id": user, **more}, headers or {}).json)


def shown(answer: dict[str, Any]) -> tuple[str, ...]:
    return tuple(item["item_id"] for item in answer["items"])


def placements(settings: Settings) -> dict[str, tuple[tuple[str, ...], Placement]]:
    """Items and placement by request id, as they were logged."""
    return {
        row.request_id: (tuple(row.items), read_placement(row.experiments["exp-1"]))
        for row in rows_of(settings, requests)
    }


def ranked_by(path: RequestPath, user: str) -> list[str]:
    return [item.item_id for item in path.recommend(RecommendRequest(user_id=user), "any").items]


def test_each_list_is_the_draft_of_both_and_a_kept_one_is_drafted_anew(
    app: RecopsApp, settings: Settings, folder: Path
) -> None:
    said = [(user, ask(app, user, {"x-request-id": f"{user}-{turn}"})) for turn in range(3) for user in USERS]
    app.close()
    paths = make_variants(RELEASE, folder, "blue").all_paths()
    logged = placements(settings)
    assert len(logged) == len(said)
    for user, answer in said:
        request_id = answer["request_id"]
        drafted = draft_list(*(ranked_by(path, user) for path in paths), 10, coin_of("salt-1", request_id))
        assert shown(answer) == drafted.items
        assert logged[request_id] == (drafted.items, logged[request_id][1])
        assert logged[request_id][1].placed_by == drafted.placed_by
        assert [item["rank"] for item in answer["items"]] == list(range(1, 11))
        assert answer["variant"] == INTERLEAVED
    assert any(answer["cached"] for _, answer in said)
    begun = [{logged[f"{user}-{turn}"][1].placed_by for turn in range(3)} for user in USERS]
    assert any(len(each) > 1 for each in begun)


def test_every_item_is_logged_with_who_placed_it_and_every_user_once_as_exposed(
    app: RecopsApp, settings: Settings
) -> None:
    for user in USERS:
        ask(app, user)
    app.close()
    logged = placements(settings)
    placed = {placement.name_at(place) for items, placement in logged.values() for place in range(len(items))}
    assert placed >= set(NAMES)
    shown_one_a_row = rows_of(settings, shown_items)
    assert {row.item_id for row in shown_one_a_row} == {item for items, _ in logged.values() for item in items}
    assert {(row.variant, row.propensity) for row in shown_one_a_row} == {(INTERLEAVED, 1.0)}
    assert {(row.user_id, row.variant) for row in rows_of(settings, exposures)} == {(u, INTERLEAVED) for u in USERS}
    (row, *_) = rows_of(settings, requests)
    assert (row.variant, row.model_version) == (INTERLEAVED, None)


class Swapped(Variants):
    """A service that takes the one for the other."""

    def paths_of(self, user_id: str) -> tuple[RequestPath, ...]:
        return super().paths_of(user_id)[::-1]


def test_two_variants_swapped_behind_the_draft_are_logged_as_what_ranked(
    app: RecopsApp, settings: Settings, folder: Path
) -> None:
    ours = make_variants(RELEASE, folder, "blue")
    app._variants = Swapped(ours.all_paths(), Experiment("exp-1", "salt-1", VariantShares(NAMES, (0.5, 0.5)), True))
    for user in USERS:
        ask(app, user, {"x-request-id": user})
    app.close()
    own = {path.variant: path for path in ours.all_paths()}
    for user, (items, placement) in placements(settings).items():
        assert placement.variants == NAMES[::-1]
        for name in NAMES:
            placed = [item for place, item in enumerate(items) if placement.name_at(place) == name]
            order = ranked_by(own[name], user)
            assert placed == sorted(placed, key=order.index)
    lone = [
        (item, placement.name_at(place), user)
        for user, (items, placement) in placements(settings).items()
        for place, item in enumerate(items)
        if sum(item in ranked_by(path, user) for path in own.values()) == 1
    ]
    assert lone
    assert all(item in ranked_by(own[name], user) for item, name, user in lone)


def test_a_probe_is_answered_by_one_variant_and_what_is_asked_under_load_is_no_part_of_the_experiment(
    app: RecopsApp, settings: Settings, folder: Path
) -> None:
    paths = {path.variant: path for path in make_variants(RELEASE, folder, "blue").all_paths()}
    for name, path in paths.items():
        answer = ask(app, "8", {"x-recops-probe": name})
        assert (answer["variant"], list(shown(answer))) == (name, ranked_by(path, "8"))
    app._gauge = Busy(lambda: 0.0)
    assert ask(app, "8")["variant"] == "control"
    app.close()
    assert [row.experiments for row in rows_of(settings, requests)] == [None]
    assert rows_of(settings, exposures) == []


class Busy(LoadGauge):
    """Always late."""

    @property
    def load(self) -> Any:
        return "busy"

    def look(self) -> None:
        return None


def test_pages_go_on_where_the_drafted_list_ended(app: RecopsApp) -> None:
    first = ask(app, "8", k=5)
    second = ask(app, "8", k=5, cursor=first["next"])
    assert not {*shown(first)} & {*shown(second)}


def test_three_are_never_interleaved() -> None:
    with pytest.raises(ValueError, match="two variants are interleaved"):
        Experiment("e", "s", VariantShares(("a", "b", "c"), (0.4, 0.3, 0.3)), interleaved=True)


def test_what_is_made_ahead_is_made_by_both(app: RecopsApp) -> None:
    async def soon_kept() -> bool:
        assert (await send(app, "POST", "/prefetch", {"user_ids": ["8"]})).status == 202
        while app._prefetch.waiting:
            await asyncio.sleep(0.01)
        return bool((await send(app, "POST", "/recommend", {"user_id": "8"})).json["cached"])

    assert asyncio.run(soon_kept())
