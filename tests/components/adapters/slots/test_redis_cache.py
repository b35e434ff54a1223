"""A real Redis keeps answers; a dead, hanging or lying one costs answers nothing but time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from redis.exceptions import RedisError

from components.adapters.slots.redis_cache import FIRST_REST_SECONDS, RedisAnswers
from components.config.routing import Cache
from components.serving.answer_cache import AnswerCache, MadeAnswer
from components.serving.cache_key import CacheKey, user_hash
from tests.free_ports import free_ports
from tests.redis_server import RedisServer, new_redis_server

KEY = CacheKey(user_hash("u"), "a")
PATIENT = 5.0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[RedisServer]:
    server = new_redis_server()
    yield server
    server.kill()


@asynccontextmanager
async def opened(url: str, clock: Clock | None = None, timeout: float = PATIENT) -> AsyncIterator[RedisAnswers]:
    answers = RedisAnswers(url, clock or Clock(), timeout)
    yield answers
    await answers.close()


async def written(answers: RedisAnswers) -> None:
    await asyncio.gather(*answers._writes)


async def make() -> MadeAnswer:
    return MadeAnswer(b"made", keep=True)


def test_an_answer_that_one_process_kept_is_found_by_another_with_its_remaining_time(server: RedisServer) -> None:
    async def keep_and_find() -> None:
        async with opened(server.url) as one, opened(server.url) as two:
            assert await two.get(KEY) is None
            one.put(KEY, b"answer", 100.0)
            await written(one)
            kept = await two.get(KEY)
            assert kept is not None
            assert kept.content == b"answer"
            assert 90 < kept.seconds <= 100

    asyncio.run(keep_and_find())


def test_an_answer_is_gone_after_its_time(server: RedisServer) -> None:
    async def wait_for_it() -> None:
        async with opened(server.url) as answers:
            answers.put(KEY, b"answer", 0.01)
            await written(answers)
            while await answers.get(KEY) is not None:
                await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(wait_for_it(), PATIENT))


def test_forgetting_a_user_drops_all_of_theirs_and_nothing_else(server: RedisServer) -> None:
    async def forget() -> None:
        async with opened(server.url) as answers:
            others = CacheKey(user_hash("v"), "a")
            for key in (KEY, CacheKey(KEY.user, "b"), others):
                answers.put(key, b"answer", 100.0)
            await written(answers)
            assert await answers.forget(user_hash("u")) == 2
            assert await answers.get(KEY) is None
            assert await answers.get(others) is not None

    asyncio.run(forget())


def test_a_dead_redis_is_left_alone_for_longer_and_longer_and_found_again(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def live_through_it() -> None:
        clock = Clock()
        async with opened(server.url, clock) as answers:
            answers.put(KEY, b"answer", 100.0)
            await written(answers)
            server.kill()
            assert await answers.get(KEY) is None
            assert (answers.counts.failed, answers.counts.left_out) == (1, 0)
            assert await answers.get(KEY) is None  # nobody asked Redis
            assert (answers.counts.failed, answers.counts.left_out) == (1, 1)
            clock.now = FIRST_REST_SECONDS
            assert await answers.get(KEY) is None
            clock.now = 2 * FIRST_REST_SECONDS  # the second rest is twice as long
            assert await answers.get(KEY) is None
            assert (answers.counts.failed, answers.counts.left_out) == (2, 2)
            server.start()
            clock.now = 3 * FIRST_REST_SECONDS
            answers.put(KEY, b"answer", 100.0)
            await written(answers)
            assert await answers.get(KEY) is not None

    with caplog.at_level(logging.WARNING):
        asyncio.run(live_through_it())
    assert len(caplog.records) == 2


def test_many_requests_that_fail_together_count_as_one_failure_for_the_rest(server: RedisServer) -> None:
    async def fail_together() -> float:
        clock = Clock()
        async with opened(f"redis://127.0.0.1:{free_ports(1)[0]}/0", clock) as answers:
            await asyncio.gather(*(answers.get(KEY) for _ in range(20)))
            return answers._rest

    assert asyncio.run(fail_together()) == 2 * FIRST_REST_SECONDS


def test_a_redis_that_hangs_is_waited_for_no_longer_than_the_timeout() -> None:
    async def ask() -> int:
        gone = asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            gone.set()

        listening = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with opened(f"redis://127.0.0.1:{port}/0", timeout=0.02) as answers:
            assert await asyncio.wait_for(answers.get(KEY), PATIENT / 2) is None
            failed = answers.counts.failed
        await gone.wait()
        listening.close()
        return failed

    assert asyncio.run(ask()) == 1


def test_a_server_that_is_no_redis_costs_nothing_but_a_failure() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def ask() -> bytes:
        listening = await asyncio.start_server(babble, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with opened(f"redis://127.0.0.1:{port}/0") as answers:
            found = await AnswerCache(Cache(), answers, Clock()).find(KEY, None, make)
        listening.close()
        return found.content

    assert asyncio.run(ask()) == b"made"


def test_what_could_not_be_forgotten_is_an_error(server: RedisServer) -> None:
    async def forget() -> None:
        async with opened(server.url) as answers:
            server.kill()
            await answers.forget(user_hash("u"))

    with pytest.raises((RedisError, OSError)):
        asyncio.run(forget())


def test_the_password_of_the_url_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        async with opened(f"redis://:planted@127.0.0.1:{free_ports(1)[0]}/0") as answers:
            await answers.get(KEY)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(ask())
    assert caplog.records
    assert "planted" not in caplog.text
