"""Two slots with one Redis share each limit; without it each goes by its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.slots.redis_takings import CHANNEL, RedisTakings
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import call
from tests.redis_server import RedisServer, new_redis_server
from tests.worlds import make_bundle

FROM = {"x-recops-address": "203.0.113.7"}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    server = new_redis_server()
    yield server
    server.kill()


def wait_for(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)


def listeners(server: RedisServer) -> int:
    client = Redis.from_url(server.url)
    try:
        return int(dict(client.pubsub_numsub(CHANNEL))[CHANNEL.encode()])
    finally:
        client.close()


def test_what_one_tells_the_others_hear_and_it_does_not(server: RedisServer) -> None:
    one, other = RedisTakings(server.url), RedisTakings(server.url)
    try:
        wait_for(lambda: listeners(server) == 2)
        for _ in range(3):
            one.tell("users", "a", 2)
        one.tell("keys", "k", 1)
        heard: list[tuple[str, float]] = []

        def complete() -> bool:
            heard.extend(other.heard("users"))
            return sum(amount for _, amount in heard) == 6

        wait_for(complete)
        assert {name for name, _ in heard} == {"a"}
        wait_for(lambda: other.heard("keys") == [("k", 1.0)])
        assert one.heard("users") == ()
    finally:
        one.close()
        other.close()


def test_what_strangers_write_to_the_channel_is_passed_over(server: RedisServer) -> None:
    takings = RedisTakings(server.url)
    client = Redis.from_url(server.url)
    try:
        wait_for(lambda: listeners(server) == 1)
        for content in (b"no json", b"[]", b'{"by": "x"}', b'{"by": "x", "takings": [["users", "a", -5]]}'):
            client.publish(CHANNEL, content)
        client.publish(CHANNEL, b'{"by": "x", "takings": [["users", "b", 1]]}')
        heard: list[tuple[str, float]] = []

        def complete() -> bool:
            heard.extend(takings.heard("users"))
            return ("b", 1.0) in heard

        wait_for(complete)
        assert heard == [("a", 0.0), ("b", 1.0)]
    finally:
        client.close()
        takings.close()


def slot(tmp_path: Path, url: str) -> RecopsApp:
    settings = Settings(home=tmp_path / "home", slot="blue", cache_url=SecretStr(url), requests_per_address_minute=60.0)
    migrate(settings.store_url)
    return build_app(settings, tmp_path / "src", busy_seconds=0.2)


def test_two_slots_share_the_limit_of_an_address_and_go_by_their_own_without_redis(
    server: RedisServer, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    blue, green = slot(tmp_path, server.url), slot(tmp_path, server.url)
    try:
        wait_for(lambda: listeners(server) == 2)
        ten = [call(blue, "POST", "/recommend", {"user_id": "8"}, FROM).status for _ in range(10)]
        assert ten == [200] * 10  # what an address may send at once
        wait_for(lambda: call(green, "POST", "/recommend", {"user_id": "8"}, FROM).status == 429)
        other = {"x-recops-address": "203.0.113.8"}
        server.kill()
        assert call(green, "POST", "/recommend", {"user_id": "8"}, other).status == 200
    finally:
        blue.close()
        green.close()
