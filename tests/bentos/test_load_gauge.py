"""Under too much load answers become cheap, then are refused early; a hiccup changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bentos.asgi_app import RecopsApp
from bentos.load_gauge import BUSY_SECONDS, FULL_SECONDS, LOOKS, Load, LoadGauge
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import requests
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import Reply, call
from tests.pipeline_worlds import write_pipeline_bundle
from tests.worlds import make_bundle


async def late_by(gauge: LoadGauge, *seconds: float) -> Load:
    """What the gauge says after the loop was held up so long at a time."""
    gauge.look()
    await asyncio.sleep(0)
    for each in seconds:
        time.sleep(each)
        for _ in range(5):
            await asyncio.sleep(0)
    return gauge.load


def test_a_loop_that_is_late_again_and_again_is_busy_and_then_full() -> None:
    assert asyncio.run(late_by(LoadGauge(time.perf_counter), *[1.2 * BUSY_SECONDS] * LOOKS)) != "free"
    assert asyncio.run(late_by(LoadGauge(time.perf_counter), *[1.2 * FULL_SECONDS] * LOOKS)) == "full"


def test_one_long_pause_is_no_overload() -> None:
    assert asyncio.run(late_by(LoadGauge(time.perf_counter), 3 * FULL_SECONDS)) == "free"


class Said(LoadGauge):
    """Says what it is told to."""

    said: Load = "free"

    @property
    def load(self) -> Load:
        return self.said


@pytest.fixture
def app(tmp_path: Path) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2)
    app._gauge = Said(time.perf_counter)
    yield app
    app.close()


def at(app: RecopsApp, load: Load, path: str, body: dict[str, Any], **headers: str) -> Reply:
    app._gauge.said = load  # type: ignore[attr-defined]
    return call(app, "POST", path, body, headers)


def test_who_comes_while_the_slot_is_busy_gets_what_is_popular_and_not_known_to_them(app: RecopsApp) -> None:
    usual = at(app, "free", "/recommend", {"user_id": "8", "k": 4}).json
    busy = at(app, "busy", "/recommend", {"user_id": "8", "k": 3}).json
    assert (usual["route"], usual["degraded"]) == ("cf", False)
    assert (busy["route"], busy["degraded"], busy["cached"]) == ("popularity", True, False)
    assert "too many ask" in busy["fallback_reason"]
    bundle = app._variants.control.bundle
    known = {bundle.items.ids[row] for row in bundle.seen(bundle.user_row["8"])}
    shown = [item["item_id"] for item in busy["items"]]
    assert len(shown) == 3
    assert not known & set(shown)
    without = at(app, "busy", "/recommend", {"user_id": "8", "k": 3, "exclude": shown[:1]}).json
    assert shown[0] not in [item["item_id"] for item in without["items"]]
    assert at(app, "free", "/recommend", {"user_id": "8", "k": 3}).json["route"] == "cf"


def test_who_comes_while_the_slot_is_busy_gets_what_is_kept_until_they_do_something(app: RecopsApp) -> None:
    def ask(load: Load) -> Any:
        return at(app, load, "/recommend", {"user_id": "8"}).json

    usual, busy = ask("free"), ask("busy")
    assert (busy["cached"], busy["degraded"]) == (True, False)
    assert busy["items"] == usual["items"]
    seen = usual["items"][0]["item_id"]
    at(app, "busy", "/feedback", {"user_id": "8", "item_id": seen, "type": "click"})
    assert ask("busy")["route"] == "popularity"


def test_who_says_what_they_want_gets_no_less_while_the_slot_is_busy(app: RecopsApp) -> None:
    wish = {"user_id": "8", "context": {"query": "drama"}}
    free, busy = (at(app, load, "/recommend", wish).json for load in ("free", "busy"))
    assert busy["items"] == free["items"]
    assert busy["degraded"] is False


def test_cheap_answers_are_logged_as_what_they_are(app: RecopsApp) -> None:
    at(app, "busy", "/recommend", {"user_id": "8"})
    app.close()
    engine = open_engine(app._queue._engine.url.render_as_string(hide_password=False))
    with reading(engine) as db:
        assert db.execute(select(requests.c.route, requests.c.degraded)).all() == [("popularity", True)]
    engine.dispose()


def test_behind_too_many_rankings_the_plain_get_what_is_popular_and_others_are_refused_early(tmp_path: Path) -> None:
    write_pipeline_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=2, candidates=100))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2)
    bundle = app._variants.control.bundle
    app._answers._ranking._under_way = 999
    known, seen = bundle.user_ids[3], set(bundle.seen(3).tolist())
    item = next(each for row, each in enumerate(bundle.items.ids) if row not in seen)
    click = {"user_id": known, "item_id": bundle.items.ids[0], "type": "click"}
    assert call(app, "POST", "/recommend", {"user_id": known}).json["degraded"] is False  # made ahead, so not ranked
    assert call(app, "POST", "/feedback", click).status == 202
    plain = call(app, "POST", "/recommend", {"user_id": known}).json
    assert (plain["route"], plain["degraded"]) == ("popularity", True)
    wish = call(app, "POST", "/recommend", {"user_id": known, "context": {"cart": [item]}})
    assert wish.error == (503, "overloaded", None)
    assert wish.headers["retry-after"] == "1"
    app._answers._ranking._under_way = 0
    assert call(app, "POST", "/recommend", {"user_id": known}).json["degraded"] is False
    app.close()


def test_a_full_slot_refuses_at_once_what_it_may_and_never_feedback_or_probes(app: RecopsApp) -> None:
    for path, body in {
        "/recommend": {"user_id": "8"},
        "/search": {"query": "drama"},
        "/similar": {"item_id": "105"},
        "/chat": {"user_id": "8", "message": "drama"},
        "/prefetch": {"user_ids": ["8"]},
    }.items():
        reply = at(app, "full", path, body)
        assert reply.error == (503, "overloaded", None)
        assert reply.headers["retry-after"] == "1"
    click = {"user_id": "8", "item_id": "101", "type": "click"}
    assert at(app, "full", "/feedback", click).status == 202
    probe = at(app, "full", "/recommend", {"user_id": "8"}, **{"x-recops-probe": "default"})
    assert probe.json["route"] == "cf"
