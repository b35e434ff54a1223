"""Feedback that is posted to do harm: it neither holds anybody up nor takes anything from others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bentos.asgi_app import RecopsApp
from bentos.feedback_body import MAX_ERRORS, parse_feedback
from bentos.http_errors import MAX_PARTS, HttpError, check_size
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.access.tenants import DEFAULT
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.serving.requests import MAX_EVENTS
from tests.asgi_client import call
from tests.worlds import make_bundle

CLICK: dict[str, Any] = {"user_id": "8", "item_id": "101", "type": "click"}
ABROAD = {"x-forwarded-for": "127.0.0.1, 203.0.113.7"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", slot="blue")


@pytest.fixture
def app(tmp_path: Path, settings: Settings) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE, ratings=(0.5, 5.0))
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2)
    app._intake._now = lambda: 1_800_000_000.0
    yield app
    app.close()


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.store_url)
    yield engine
    engine.dispose()


def stored(store: Engine) -> list[tuple[str, str]]:
    with reading(store) as db:
        return [(row[0], row[1]) for row in db.execute(select(feedback.c.user_id, feedback.c.item_id))]


@pytest.mark.parametrize("body", [b"[" + b"{}," * 333_000 + b"{}]", b"[" * 900_000, b'[{"a":[' + b"1," * 400_000])
def test_a_megabyte_of_nothing_is_refused_before_it_is_parsed(app: RecopsApp, body: bytes) -> None:
    assert call(app, "POST", "/feedback", body).error == (422, "too_many_parts", None)


@pytest.mark.parametrize("path", ["/recommend", "/similar", "/search", "/prefetch"])
def test_no_endpoint_parses_a_megabyte_of_nothing(app: RecopsApp, path: str) -> None:
    body = b'{"user_id": "8", "x": [' + b"{}," * 300_000 + b"{}]}"
    assert call(app, "POST", path, body).error == (422, "too_many_parts", None)
    names = b'{"user_id": "8"' + b"".join(b',"a%d":1' % n for n in range(40_000)) + b"}"
    assert call(app, "POST", path, names).error == (422, "too_many_parts", None)


def test_the_largest_honest_bodies_pass_the_bound() -> None:
    event = (
        b'{"event_id":"%s","request_id":"r","user_id":"u,{","item_id":"i","type":"rating","value":1,'
        b'"timestamp":"2026-01-01T00:00:00Z"}'
    )
    body = b"[" + b",".join([event % (b"x" * 128)] * MAX_EVENTS) + b"]"
    assert len(parse_feedback(body, DEFAULT).events) == MAX_EVENTS
    check_size(b'{"user_id":"u","exclude":[' + b",".join([b'"urn:item:1"'] * 10_000) + b"]}")
    with pytest.raises(HttpError):
        check_size(b"," * (MAX_PARTS + 1))


def test_only_so_many_errors_are_told_and_the_rest_is_counted(app: RecopsApp) -> None:
    reply = call(app, "POST", "/feedback", [CLICK, *[{}] * (MAX_EVENTS - 1)])
    assert (reply.status, len(reply.json["errors"])) == (202, MAX_ERRORS)
    assert reply.json["errors_left_out"] == MAX_EVENTS - 1 - MAX_ERRORS
    assert len(call(app, "POST", "/feedback", [{}] * MAX_EVENTS).json["errors"]) == MAX_ERRORS


def test_the_place_of_an_error_is_not_as_long_as_a_client_makes_it(app: RecopsApp) -> None:
    reply = call(app, "POST", "/feedback", [CLICK, {**CLICK, "x" * 10_000: 1}])
    assert len(reply.body) < 2_000


@pytest.mark.parametrize("value", ["9" * 30, "-" + "9" * 40, "1e400", "9" * 400, "NaN", "true"])
def test_no_number_ends_with_500(app: RecopsApp, value: str) -> None:
    event = f'{{"user_id": "8", "item_id": "101", "type": "dwell", "value": {value}}}'
    for body in (event, f"[{event}]", f"[{event}, {{}}]", f'[{event}, {{"user_id": "8"}}, 7]'):
        assert call(app, "POST", "/feedback", body.encode()).status in (202, 400, 422)
        number = f'{{"user_id": "8", "k": {value}, "timeout_ms": {value}, "diversity": {value}}}'
        assert call(app, "POST", "/recommend", number.encode()).status in (400, 422)


@pytest.mark.parametrize("kind", ["application/jsonx", "application/json-patch+json", "text/plain", ""])
def test_a_body_that_does_not_say_it_is_json_is_refused(app: RecopsApp, kind: str) -> None:
    assert call(app, "POST", "/feedback", CLICK, {"content-type": kind}).error[0] == 415


def test_a_rating_out_of_the_datas_range_is_noted(app: RecopsApp) -> None:
    rating = {**CLICK, "type": "rating"}
    posted = [{**rating, "value": value} for value in (0.5, 5, 5.5, 1e300, -1)]
    reply = call(app, "POST", "/feedback", posted).json
    assert [(note["index"], note["code"]) for note in reply["notes"]] == [(n, "rating_out_of_range") for n in (2, 3, 4)]


def test_an_event_id_that_a_stranger_took_costs_its_owner_nothing(app: RecopsApp, store: Engine) -> None:
    stranger = {**CLICK, "user_id": "stranger", "event_id": "order-1"}
    assert call(app, "POST", "/feedback", stranger).json["accepted"] == 1
    mine = {**CLICK, "type": "purchase", "event_id": "order-1"}
    assert call(app, "POST", "/feedback", mine).json == {"accepted": 1, "duplicates": 0}
    assert call(app, "POST", "/feedback", mine).json == {"accepted": 0, "duplicates": 1}
    assert stored(store) == [("stranger", "101"), ("8", "101")]


def test_long_event_ids_that_end_differently_are_two(app: RecopsApp) -> None:
    events = [{**CLICK, "event_id": "x" * 127 + end} for end in "ab"]
    assert call(app, "POST", "/feedback", events).json == {"accepted": 2, "duplicates": 0}


def test_unknown_items_take_no_place_of_known_ones(app: RecopsApp) -> None:
    liked = {**CLICK, "user_id": "new"}
    call(app, "POST", "/feedback", liked)
    made_up = [{**liked, "item_id": f"made up {n}"} for n in range(600)]
    assert call(app, "POST", "/feedback", made_up).json["accepted"] == 600
    asked = call(app, "POST", "/recommend", {"user_id": "new", "k": 30}).json
    assert "101" not in {item["item_id"] for item in asked["items"]}


def test_a_user_who_sends_too_much_is_told_when_to_come_back_and_others_are_not(app: RecopsApp, store: Engine) -> None:
    call(app, "POST", "/feedback", [CLICK] * MAX_EVENTS)
    refused = call(app, "POST", "/feedback", CLICK)
    assert (refused.error, refused.headers["retry-after"]) == ((429, "too_many_events", "user_id"), "1")
    mixed = call(app, "POST", "/feedback", [CLICK, {**CLICK, "user_id": "7"}])
    assert (mixed.status, mixed.json["accepted"]) == (202, 1)
    assert [(each["index"], each["code"]) for each in mixed.json["errors"]] == [(0, "too_many_events")]
    assert stored(store)[-1] == ("7", "101")


def test_an_address_that_sends_too_much_is_told_so_whatever_users_it_names(app: RecopsApp) -> None:
    for post in range(10):
        users = [{**CLICK, "user_id": f"u{post}-{n}"} for n in range(MAX_EVENTS)]
        assert call(app, "POST", "/feedback", users, ABROAD).status == 202
    refused = call(app, "POST", "/feedback", {**CLICK, "user_id": "another"}, ABROAD)
    assert (refused.error, refused.headers["retry-after"]) == ((429, "too_many_events", None), "1")
    for elsewhere in ({"x-forwarded-for": "203.0.113.8"}, {"x-forwarded-for": "203.0.113.7, 127.0.0.1"}, {}):
        assert call(app, "POST", "/feedback", {**CLICK, "user_id": "another"}, elsewhere).status == 202
