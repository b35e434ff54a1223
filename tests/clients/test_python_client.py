"""The Python client speaks the contract of a real slot, tries again where that is safe, and says what was wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from recops_client import AsyncClient, Client, Event, Refused, Unreachable
from sqlalchemy import select

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.worlds import make_bundle

ANSWER = {"request_id": "r", "user_id": "1", "items": [], "route": "cf", "release": "release-1", "variant": "default"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", slot="blue")


@pytest.fixture
def app(tmp_path: Path, settings: Settings) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200), model_version=3)
    ServedRelease(release_id="release-1", variants=(variant,), details={"model_version": 3}).write(tmp_path / "src")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2)
    yield app
    app.close()


def answering(*replies: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> Client:
    """A client whose gateway gives these replies in turn."""
    left = iter(replies)

    def reply(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        given = next(left)
        if isinstance(given, Exception):
            raise given
        return given

    return Client(transport=httpx.MockTransport(reply), longest_pause=0.0)


def test_a_slot_is_asked_and_told(app: RecopsApp, settings: Settings) -> None:
    async def story() -> tuple[str, int, int]:
        async with AsyncClient("http://slot", transport=httpx.ASGITransport(app)) as recops:
            shown = await recops.recommend("8", k=3, exclude=["101"])
            assert len(shown.items) == 3
            assert [item.rank for item in shown.items] == [1, 2, 3]
            assert "101" not in {item.item_id for item in shown.items}
            near = await recops.similar(shown.items[0].item_id, k=2)
            assert len(near.items) == 2
            event = Event("8", shown.items[0].item_id, "click", request_id=shown.request_id)
            first, second = await recops.feedback(event), await recops.feedback(event)
            return event.event_id, first.accepted, second.duplicates

    event_id, accepted, duplicates = asyncio.run(story())
    assert (accepted, duplicates) == (1, 1)
    engine = open_engine(settings.store_url)
    with reading(engine) as connection:
        stored = connection.execute(select(feedback.c.event_id)).scalars().all()
    engine.dispose()
    assert [each.partition("~")[0] for each in stored] == [event_id]


def test_a_search_says_what_was_understood(app: RecopsApp) -> None:
    async def story() -> None:
        async with AsyncClient("http://slot", transport=httpx.ASGITransport(app)) as recops:
            found = await recops.search("zxqv blorptastic")
            assert found.items == ()
            assert set(found.ignored) == {"zxqv", "blorptastic"}

    asyncio.run(story())


def test_a_wrong_field_is_named(app: RecopsApp) -> None:
    async def story() -> None:
        async with AsyncClient("http://slot", transport=httpx.ASGITransport(app)) as recops:
            await recops.recommend("8", k=0)

    with pytest.raises(Refused, match="422") as told:
        asyncio.run(story())
    assert told.value.field == "k"


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("away")])
def test_what_may_work_later_is_tried_again(failure: httpx.Response | Exception) -> None:
    with answering(failure, failure, httpx.Response(200, json=ANSWER)) as recops:
        assert recops.recommend("1").request_id == "r"


@pytest.mark.parametrize("failure", [httpx.Response(503, text="warming"), httpx.ConnectError("away")])
def test_after_so_many_tries_it_says_so(failure: httpx.Response | Exception) -> None:
    seen: list[httpx.Request] = []
    with answering(failure, failure, failure, seen=seen) as recops, pytest.raises(Unreachable, match=r"warming|away"):
        recops.recommend("1")
    assert len(seen) == 3


def test_a_refusal_is_not_tried_again() -> None:
    seen: list[httpx.Request] = []
    wrong = httpx.Response(403, json={"error": {"code": "may_not", "message": "no", "field": None}})
    with answering(wrong, seen=seen) as recops, pytest.raises(Refused, match="may_not"):
        recops.recommend("1")
    assert len(seen) == 1


def test_events_keep_their_id_over_all_tries() -> None:
    seen: list[httpx.Request] = []
    done = httpx.Response(202, json={"accepted": 2, "duplicates": 0})
    events = [Event("1", "a", "click"), Event("1", "b", "rating", value=4.0)]
    with answering(httpx.Response(503), httpx.ReadTimeout("slow"), done, seen=seen) as recops:
        assert recops.feedback(events).accepted == 2
    bodies = [json.loads(request.content) for request in seen]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [event["event_id"] for event in bodies[0]] == [event.event_id for event in events]
    assert bodies[0][0]["event_id"] != bodies[0][1]["event_id"]


@pytest.mark.parametrize(("asked", "longest", "waited"), [("2", 5.0, 2.0), ("60", 5.0, 5.0), (None, 5.0, 0.4)])
def test_it_waits_as_long_as_it_is_asked_to_within_bounds(asked: str | None, longest: float, waited: float) -> None:
    from recops_client.requests import pause_before

    reply = httpx.Response(429, headers={} if asked is None else {"retry-after": asked})
    assert pause_before(3, reply, longest) == waited


def test_keys_are_shown_and_are_in_no_message() -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401, json={"error": {"code": "no_key", "message": "no good key", "field": None}})

    with (
        Client(key="rk_secret", user_token="a.b.c", transport=httpx.MockTransport(reply)) as recops,
        pytest.raises(Refused) as told,
    ):
        recops.recommend("1")
    assert seen[0].headers["authorization"] == "Bearer rk_secret"
    assert seen[0].headers["x-recops-user-token"] == "a.b.c"
    assert "secret" not in repr(told.value)


def test_somebody_elses_page_is_no_answer() -> None:
    with answering(httpx.Response(200, text="<html>hello</html>")) as recops, pytest.raises(Refused, match="no recops"):
        recops.recommend("1")


def test_a_field_that_is_not_known_yet_is_kept() -> None:
    with answering(httpx.Response(200, json={**ANSWER, "new": 7})) as recops:
        assert recops.recommend("1").raw["new"] == 7


@pytest.mark.parametrize(
    "make",
    [
        lambda: Event("1", "a", "click", timestamp=datetime(2026, 1, 1)).body(),  # noqa: DTZ001 - what is refused
        lambda: answering().feedback([]),
        lambda: Client(tries=0),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_sent(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"timestamp|no event|tries"):
        make()


def test_a_time_is_sent_with_its_zone() -> None:
    event = Event("1", "a", "click", timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    assert event.body()["timestamp"] == "2026-01-01T00:00:00+00:00"
