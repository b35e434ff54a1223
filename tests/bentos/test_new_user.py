"""What a user does now changes the next answer, whichever slot gives it, without training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.recommenders.factors import FittedFactors
from components.serving.bundle import read_bundle, write_bundle
from components.serving.request_path import EVENTS_UNREAD
from tests.asgi_client import call
from tests.worlds import GENRES, make_bundle

PROBE = {"x-recops-probe": "1"}
N_ITEMS = 30


def write_release(folder: Path) -> None:
    """`make_bundle`, in which every item's taste is its genre."""
    bundle = read_bundle(make_bundle(folder / "random"))
    tastes = np.eye(3, dtype=np.float32)
    factors = FittedFactors(np.tile(tastes, (3, 1))[:8], np.tile(tastes, (N_ITEMS // 3, 1)), embedding_width=3)
    write_bundle(folder / BUNDLE, replace(bundle, recommenders={**bundle.recommenders, "lightfm": factors}))
    routing = RoutingConfig(cold_start_threshold=5, candidates=200)
    ServedRelease(release_id="release-1", variants=(ServedVariant(routing=routing),)).write(folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    migrate(Settings(home=tmp_path / "home").store_url)
    write_release(tmp_path)
    return tmp_path


@pytest.fixture
def blue(home: Path) -> Iterator[RecopsApp]:
    app = build_app(Settings(home=home / "home", slot="blue"), home, read_seconds=10.0)
    yield app
    app.close()


@pytest.fixture
def green(home: Path) -> Iterator[RecopsApp]:
    app = build_app(Settings(home=home / "home", slot="green"), home, read_seconds=10.0)
    yield app
    app.close()


def rate(app: RecopsApp, user_id: str, **ratings: float) -> None:
    events = [
        {"user_id": user_id, "item_id": item.removeprefix("i"), "type": "rating", "value": value}
        for item, value in ratings.items()
    ]
    assert call(app, "POST", "/feedback", events).status == 202


def ask(app: RecopsApp, user_id: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    body = {"user_id": user_id, "k": 6, **more}
    answer: dict[str, Any] = call(app, "POST", "/recommend", body, headers).json
    return answer


def titles(answer: dict[str, Any]) -> list[str]:
    return [item["title"] for item in answer["items"]]


def categories(answer: dict[str, Any]) -> list[str]:
    return [item["category"] for item in answer["items"]]


def test_three_ratings_of_a_new_user_through_blue_turn_the_next_answer_of_green(
    blue: RecopsApp, green: RecopsApp
) -> None:
    before = ask(green, "newcomer")
    assert (before["route"], categories(before)) == ("popularity", [*GENRES, *GENRES])
    rate(blue, "newcomer", i102=5.0, i105=4.5, i108=4.0)  # comedies
    after = ask(green, "newcomer")
    assert (after["route"], after["degraded"], after["slot"]) == ("fold_in", False, "green")
    assert titles(after) == ["Film 111", "Film 114", "Film 117", "Film 120", "Film 123", "Film 126"]
    assert categories(after) == ["Comedy"] * 6
    assert {item["source"] for item in after["items"]} == {"lightfm"}
    assert after["items"][0]["explanation"] == "Close to Film 102, which you know"


def test_a_change_of_taste_is_followed(blue: RecopsApp) -> None:
    rate(blue, "newcomer", i102=5.0)
    assert set(categories(ask(blue, "newcomer"))) == {"Comedy"}
    rate(blue, "newcomer", i102=1.0, i103=5.0)
    assert set(categories(ask(blue, "newcomer"))) == {"Drama"}


def test_disliked_items_are_not_shown_again_and_steer_nothing(blue: RecopsApp) -> None:
    rate(blue, "newcomer", i101=1.0, i102=2.0)
    answer = ask(blue, "newcomer")
    assert (answer["route"], titles(answer)[:2]) == ("popularity", ["Film 103", "Film 104"])


def test_a_known_user_keeps_the_route_and_the_new_likes_count_beside_the_old(blue: RecopsApp) -> None:
    before = ask(blue, "8", k=30)
    assert (before["route"], categories(before)[:8]) == ("cf", ["Comedy"] * 8)
    rate(blue, "8", i109=5.0, i112=5.0, i115=5.0)
    after = ask(blue, "8", k=30)
    assert after["route"] == "cf"
    assert categories(after) == ["Comedy"] * 8 + ["Drama"] * 5 + ["Sci-Fi"] * 7


def test_a_smoke_test_gets_the_trained_answer_whatever_the_user_did(blue: RecopsApp) -> None:
    trained = {user: titles(ask(blue, user)) for user in ("8", "newcomer")}
    for user in trained:
        rate(blue, user, i103=5.0, i109=5.0, i112=5.0)
    assert {user: titles(ask(blue, user, PROBE)) for user in trained} == trained
    assert {user: titles(ask(blue, user)) for user in trained} != trained


def test_without_the_store_the_trained_state_answers_and_says_so(home: Path) -> None:
    nowhere = Settings(home=home / "home", slot="blue", event_store_url=f"sqlite:///{home / 'no such.db'}")
    app = build_app(nowhere, home, read_seconds=10.0)
    try:
        answer = ask(app, "8")
        assert (answer["degraded"], answer["route"], answer["fallback_reason"]) == (True, "cf", EVENTS_UNREAD)
        assert titles(answer) == titles(ask(app, "8", PROBE))
        assert not ask(app, "8", PROBE)["degraded"]
    finally:
        app.close()


def test_wishes_of_a_cold_user_come_before_few_interactions(blue: RecopsApp) -> None:
    rate(blue, "newcomer", i102=5.0)
    answer = ask(blue, "newcomer", profile={"preferences": {"Drama": 1.0}})
    assert (answer["route"], set(categories(answer))) == ("content", {"Drama"})
    rate(blue, "newcomer", i105=5.0, i108=5.0, i111=5.0, i114=5.0)
    answer = ask(blue, "newcomer", profile={"preferences": {"Drama": 1.0}}, k=5)
    assert (answer["route"], set(categories(answer))) == ("fold_in", {"Comedy"})
