"""Keeps answers in Redis, where both slots and later processes find them; when Redis is away, everything goes on.

Every call has a short timeout. After a failure Redis is left alone for a while, twice as long after each further one,
so that its death costs a few requests some milliseconds, and the others nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from components.serving.answer_cache import CachedContent
from components.serving.cache_key import CacheKey

logger = logging.getLogger("recops.cache")

PREFIX = "recops:answer"
TIMEOUT_SECONDS = 0.05
FIRST_REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 15.0
MAX_PENDING_WRITES = 256
MAX_CONNECTIONS = 32

T = TypeVar("T")


@dataclass
class RedisCounts:
    """Calls since the start: those that failed, and those that were not made because it had failed lately."""

    failed: int = 0
    left_out: int = 0


class RedisAnswers:
    """`SharedAnswers` in a Redis; connects when it is first asked.

    Args:
        url: such as redis://:password@host:6379/0 or rediss://…; never logged.
        clock: seconds.
        timeout_seconds: for connecting, and for each call.
    """

    def __init__(self, url: str, clock: Callable[[], float], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            max_connections=MAX_CONNECTIONS,
        )
        self._timeout = timeout_seconds
        self._clock = clock
        self._rest = FIRST_REST_SECONDS
        self._rest_until = float("-inf")
        self._writes: set[asyncio.Task[bool]] = set()
        self.counts = RedisCounts()

    async def get(self, key: CacheKey) -> CachedContent | None:
        """What is kept under `key`; None also when Redis fails, is late, or did so lately."""
        found = await self._try(lambda: self._read(_name(key)), None)
        if found is None or found[0] is None or found[1] <= 0:
            return None
        return CachedContent(found[0], found[1] / 1000)

    def put(self, key: CacheKey, content: bytes, seconds: float) -> None:
        """Writes in the background; left out while too many writes are under way."""
        if len(self._writes) >= MAX_PENDING_WRITES:
            self.counts.left_out += 1
            return
        writing = asyncio.get_running_loop().create_task(self.keep(key, content, seconds))
        self._writes.add(writing)
        writing.add_done_callback(self._writes.discard)

    async def forget(self, user: str) -> int:
        """Drops what is kept for the user with this hash.

        Raises:
            RedisError, OSError, TimeoutError: it may not have been dropped; somebody has to know.
        """
        dropped = 0
        async for name in self._redis.scan_iter(f"{PREFIX}:{user}:*", count=1000):
            dropped += await self._redis.unlink(name)
        return dropped

    async def close(self) -> None:
        """Ends the background writes and lets go of the connections."""
        await asyncio.gather(*self._writes, return_exceptions=True)
        await self._redis.aclose()

    async def _read(self, name: str) -> tuple[bytes | None, int]:
        async with self._redis.pipeline(transaction=False) as both:
            both.get(name)
            both.pttl(name)
            content, milliseconds = await both.execute()
        return content, milliseconds

    async def keep(self, key: CacheKey, content: bytes, seconds: float) -> bool:
        """As `put`, but waits for it; whether it was written."""
        milliseconds = max(1, int(seconds * 1000))
        return bool(await self._try(lambda: self._redis.set(_name(key), content, px=milliseconds), False))

    async def _try(self, call: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if self._clock() < self._rest_until:
            self.counts.left_out += 1
            return otherwise
        try:
            # redis-py bounds each step; the whole call, with connecting and waiting for a connection, is bounded here
            async with asyncio.timeout(2 * self._timeout):
                answer = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self.counts.failed += 1
            if self._clock() >= self._rest_until:  # of several calls that fail together one counts
                logger.warning("the shared cache is away for %g s: %s", self._rest, type(error).__name__)
                self._rest_until = self._clock() + self._rest
                self._rest = min(2 * self._rest, LONGEST_REST_SECONDS)
            return otherwise
        self._rest = FIRST_REST_SECONDS
        return answer


def _name(key: CacheKey) -> str:
    return f"{PREFIX}:{key.user}:{key.answer}"
