"""Equal requests get one answer until something changes it; what is shown is logged, kept or not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import requests
from components.config.routing import Cache, Exploration, RoutingConfig
from components.config.settings import Settings
from components.serving.answer_codec import encode
from components.serving.cache_key import cache_key
from components.serving.recent_history import NO_EVENTS
from components.serving.requests import RecommendRequest
from tests.asgi_client import Reply, call, send
from tests.redis_server import RedisServer, new_redis_server
from tests.worlds import make_bundle

ASK = {"user_id": "8", "k": 3}
PROBE = {"x-recops-probe": "1"}
Make = Callable[..., RecopsApp]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    return settings


@pytest.fixture
def make_app(tmp_path: Path, settings: Settings) -> Iterator[Make]:
    """Makes apps of one release, which are closed at the end."""
    make_bundle(tmp_path / "src" / BUNDLE)
    apps: list[RecopsApp] = []

    def make(release: str = "release-1", cache: Cache | None = None, share: float = 0.0, **changes: Any) -> RecopsApp:
        routing = RoutingConfig(
            cold_start_threshold=5, candidates=200, cache=cache or Cache(), exploration=Exploration(share=share)
        )
        ServedRelease(release_id=release, variants=(ServedVariant(routing=routing),)).write(tmp_path / "src")
        apps.append(
            build_app(settings.model_copy(update=changes), tmp_path / "src", busy_seconds=0.2, read_seconds=5.0)
        )
        return apps[-1]

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = new_redis_server()
    yield server
    server.kill()


def lookups(app: RecopsApp) -> dict[str, int]:
    """How many recommendations came from where; only what is not zero."""
    page = call(app, "GET", "/metrics").body.decode()
    found = re.findall(r'^recops_answer_lookups_total\{source="(\w+)"\} (\d+)', page, re.MULTILINE)
    return {source: int(count) for source, count in found if count != "0"}


def items(reply: Reply) -> list[str]:
    return [item["item_id"] for item in reply.json["items"]]


def test_an_equal_request_gets_the_same_list_marked_as_cached_under_its_own_id(make_app: Make, store: Engine) -> None:
    app = make_app()
    first = call(app, "POST", "/recommend", ASK, {"x-request-id": "one"})
    second = call(app, "POST", "/recommend", ASK, {"x-request-id": "two"})
    assert (first.json["cached"], second.json["cached"]) == (False, True)
    assert second.json["request_id"] == "two"
    assert set(second.json["timings_ms"]) == {"cache", "total"}
    changed = ("request_id", "cached", "timings_ms")
    assert {k: v for k, v in second.json.items() if k not in changed} == {
        k: v for k, v in first.json.items() if k not in changed
    }
    assert lookups(app) == {"computed": 1, "memory": 1}
    app.close()
    with reading(store) as connection:
        rows = connection.execute(select(requests).order_by(requests.c.request_id)).all()
    assert [(row.request_id, row.cached, len(row.items), len(row.candidates)) for row in rows] == [
        ("one", False, 3, 20),
        ("two", True, 3, 20),
    ]


def test_feedback_of_the_user_ends_it_and_that_of_others_does_not(make_app: Make) -> None:
    app = make_app()
    call(app, "POST", "/recommend", ASK)
    call(app, "POST", "/feedback", {"user_id": "7", "item_id": "130", "type": "click"})
    assert call(app, "POST", "/recommend", ASK).json["cached"] is True
    best = items(call(app, "POST", "/recommend", ASK))[0]
    call(app, "POST", "/feedback", {"user_id": "8", "item_id": best, "type": "view"})
    after = call(app, "POST", "/recommend", ASK)
    assert after.json["cached"] is False
    assert best not in items(after)


def test_a_probe_neither_fills_nor_reads_the_cache(make_app: Make) -> None:
    app = make_app()
    for headers in (PROBE, {}, PROBE):
        assert call(app, "POST", "/recommend", ASK, headers).json["cached"] is False
    assert lookups(app) == {"computed": 1, "bypassed": 2}


def test_nothing_is_kept_while_the_users_events_cannot_be_read(make_app: Make, settings: Settings) -> None:
    app = make_app()
    (settings.root / "events.db").rename(settings.root / "away.db")
    app._answers._events._disconnect()  # type: ignore[union-attr]
    app._answers._events._reader._disconnect()  # type: ignore[union-attr]
    replies = [call(app, "POST", "/recommend", ASK).json for _ in range(2)]
    assert [(reply["degraded"], reply["cached"]) for reply in replies] == [(True, False)] * 2
    assert lookups(app) == {"bypassed": 2}


def test_a_policy_that_explores_draws_anew_for_each_request(make_app: Make) -> None:
    app = make_app(share=1.0)
    replies = [call(app, "POST", "/recommend", ASK) for _ in range(20)]
    assert not any(reply.json["cached"] for reply in replies)
    assert len({tuple(items(reply)) for reply in replies}) > 1


def test_an_answer_holds_for_its_time_only(make_app: Make) -> None:
    app = make_app(cache=Cache(ttl_seconds=1e-9))
    assert [call(app, "POST", "/recommend", ASK).json["cached"] for _ in range(2)] == [False, False]


def test_what_is_forgotten_is_made_anew_and_only_the_stack_itself_can_forget(make_app: Make) -> None:
    app = make_app()
    call(app, "POST", "/recommend", ASK)
    assert call(app, "POST", "/forget", {"user_id": "8"}).error == (404, "not_found", None)
    assert call(app, "POST", "/recommend", ASK).json["cached"] is True
    assert call(app, "POST", "/forget", {"user_id": "8"}, PROBE).json == {"forgotten": 1}
    assert call(app, "POST", "/recommend", ASK).json["cached"] is False
    assert call(app, "POST", "/forget", {}, PROBE).error == (422, "missing_field", "user_id")


def test_answers_made_ahead_are_there_when_they_are_asked_for_and_are_not_logged(make_app: Make, store: Engine) -> None:
    app = make_app()
    body = {"user_ids": ["6", "7"], "requests": [{**ASK, "explain": False}]}

    async def warm() -> Reply:
        reply = await send(app, "POST", "/prefetch", body)
        while app._prefetch.waiting or app._prefetch._workers:
            await asyncio.sleep(0)
        return reply

    reply = asyncio.run(warm())
    assert (reply.status, reply.json) == (202, {"accepted": 3})
    asked = ({"user_id": "6"}, {"user_id": "7"}, {**ASK, "explain": False}, ASK)
    assert [call(app, "POST", "/recommend", each).json["cached"] for each in asked] == [True, True, True, False]
    app.close()
    with reading(store) as connection:
        assert len(connection.execute(select(requests)).all()) == len(asked)


def test_answers_made_elsewhere_are_taken_from_the_stack_alone_if_they_are_answers(make_app: Make) -> None:
    app = make_app()
    made = app._variants.control.recommend(RecommendRequest(user_id="8", k=3), "batch")
    key = cache_key(RecommendRequest(user_id="8", k=3), "release-1", "default", NO_EVENTS.state)
    given = {"user": key.user, "answer": key.answer, "content": encode(made).decode()}
    body = {"answers": [given, {**given, "answer": "other", "content": "{}"}]}
    assert call(app, "POST", "/keep", body).error == (404, "not_found", None)
    assert call(app, "POST", "/recommend", ASK).json["cached"] is False
    app._answers.forget("8")
    assert call(app, "POST", "/keep", body, PROBE).json == {"kept": 1}
    assert call(app, "POST", "/recommend", ASK).json["cached"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"user_ids": []}, None),
        ({"user_ids": ["1"] * 600, "requests": [ASK] * 600}, None),
        ({"user_ids": [1]}, "user_ids[0]"),
        ({"requests": [{"k": 3}]}, "requests[0].user_id"),
        ({"users": ["1"]}, "users"),
    ],
)
def test_a_wrong_prefetch_is_refused_with_its_field(make_app: Make, body: dict[str, Any], field: str | None) -> None:
    status, _, named = call(make_app(), "POST", "/prefetch", body).error
    assert (status, named) == (422, field)


def test_two_slots_share_answers_through_redis_but_two_releases_do_not(make_app: Make, redis: RedisServer) -> None:
    url = SecretStr(redis.url)
    blue, green = make_app(cache_url=url), make_app(cache_url=url, slot="green")
    newer = make_app("release-2", cache_url=url)

    async def ask(app: RecopsApp) -> dict[str, Any]:
        reply = await send(app, "POST", "/recommend", ASK)
        await app._answers.aclose()
        return dict(reply.json)

    answers = [asyncio.run(ask(app)) for app in (blue, green, newer)]
    assert [(each["cached"], each["slot"], each["release"]) for each in answers] == [
        (False, "blue", "release-1"),
        (True, "green", "release-1"),
        (False, "blue", "release-2"),
    ]
    assert lookups(green) == {"shared": 1}


def test_an_answer_that_somebody_else_wrote_to_redis_is_left_aside(make_app: Make, redis: RedisServer) -> None:
    app = make_app(cache_url=SecretStr(redis.url))

    async def ask_and_spoil() -> list[bool]:
        first = await send(app, "POST", "/recommend", ASK)
        shared = app._answers._shared
        assert shared is not None
        await asyncio.gather(*shared._writes)
        (name,) = await shared._redis.keys()
        await shared._redis.set(name, b"rubbish", ex=100)
        app._answers.forget("8")
        second = await send(app, "POST", "/recommend", ASK)
        await app._answers.aclose()
        return [first.json["items"] == second.json["items"], second.json["cached"]]

    assert asyncio.run(ask_and_spoil()) == [True, False]
    assert lookups(app) == {"computed": 1, "bypassed": 1}


def test_answers_go_on_when_redis_dies(make_app: Make, redis: RedisServer) -> None:
    app = make_app(cache_url=SecretStr(redis.url))

    async def live_through_it() -> list[tuple[int, bool]]:
        found = []
        for user in range(1, 9):
            if user == 4:
                redis.kill()
            for _ in range(2):
                reply = await send(app, "POST", "/recommend", {"user_id": str(user)})
                found.append((reply.status, reply.json["cached"]))
        await app._answers.aclose()
        return found

    assert asyncio.run(live_through_it()) == [(200, False), (200, True)] * 8
    page = call(app, "GET", "/metrics").body.decode()
    assert re.search(r"^recops_shared_cache_failures [1-9]", page, re.MULTILINE)


def test_only_the_stack_itself_is_told_what_stands_behind_a_ranking(make_app: Make) -> None:
    app = make_app()
    body = {"user_id": "8", "item_ids": ["101", "130", "no such item"]}
    assert call(app, "POST", "/breakdown", body).error == (404, "not_found", None)
    found = call(app, "POST", "/breakdown", body, PROBE).json
    assert (found["user_id"], found["release"], found["method"]) == ("8", "release-1", "lightfm")
    assert (found["n_known"], found["met"], found["items"]) == (7, ["101"], [])
    assert call(app, "POST", "/breakdown", {"user_id": "8", "item_ids": []}, PROBE).status == 422
