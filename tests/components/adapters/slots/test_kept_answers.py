"""What slots and Redis keep for a user is dropped, or somebody hears that it may not be."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from components.adapters.slots.addresses import every_address
from components.adapters.slots.kept_answers import NotForgotten, forget_kept_answers
from components.adapters.slots.redis_cache import RedisAnswers
from components.config.settings import Settings
from components.serving.cache_key import CacheKey, user_hash
from tests.free_ports import free_ports
from tests.redis_server import RedisServer, new_redis_server


@contextmanager
def slot(status: int) -> Iterator[tuple[str, list[tuple[str, str | None, object]]]]:
    """A slot's address, and what it is asked: path, mark of the stack, body."""
    asked: list[tuple[str, str | None, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.path, self.headers["x-recops-probe"], body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"forgotten": 2}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = new_redis_server()
    yield server
    server.kill()


def nowhere() -> str:
    return f"http://127.0.0.1:{free_ports(1)[0]}"


def test_a_slot_is_told_and_one_that_does_not_run_keeps_nothing(tmp_path: Path) -> None:
    with slot(200) as (url, asked):
        assert forget_kept_answers(Settings(home=tmp_path), [url, nowhere()], "u") == 2
    assert asked == [("/forget", "stack", {"user_id": "u"})]


def test_every_address_that_a_name_stands_for_is_told(tmp_path: Path) -> None:
    with slot(200) as (url, asked):
        assert forget_kept_answers(Settings(home=tmp_path), [url.replace("127.0.0.1", "localhost")], "u") == 2
    assert len(asked) == len(every_address(url))


def test_a_slot_that_refuses_is_an_error_that_names_it(tmp_path: Path) -> None:
    with slot(500) as (url, _), pytest.raises(NotForgotten, match=url):
        forget_kept_answers(Settings(home=tmp_path), [url], "u")


def test_redis_forgets_too_and_its_absence_is_an_error_without_the_password(tmp_path: Path, redis: RedisServer) -> None:
    async def keep() -> None:
        answers = RedisAnswers(redis.url, time.monotonic, 5.0)
        answers.put(CacheKey(user_hash("u"), "a"), b"answer", 100.0)
        answers.put(CacheKey(user_hash("v"), "a"), b"answer", 100.0)
        await answers.close()

    asyncio.run(keep())
    settings = Settings(home=tmp_path, cache_url=SecretStr(redis.url))
    assert [forget_kept_answers(settings, [], "u") for _ in range(2)] == [1, 0]
    redis.kill()
    planted = Settings(home=tmp_path, cache_url=SecretStr(redis.url.replace("//", "//:planted@")))
    with pytest.raises(NotForgotten, match="RECOPS_CACHE_URL") as caught:
        forget_kept_answers(planted, [], "u")
    assert "planted" not in str(caught.value)
