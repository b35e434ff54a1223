"""Gives answers to the caches of the service from outside, and drops what they keep for a user.

Where there is a Redis, it holds the answers for every process; without one, each slot that runs is told by itself.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from redis.exceptions import RedisError

from components.adapters.envoy.routes import PROBE_HEADER
from components.adapters.slots.addresses import every_address
from components.adapters.slots.redis_cache import RedisAnswers
from components.config.settings import Settings
from components.serving.cache_key import CacheKey, user_hash

TIMEOUT_SECONDS = 5.0
MAX_POST_BYTES = 900_000


class NotForgotten(Exception):
    """A cache may still hold answers of the user, for an hour at most; the message says which."""


def forget_kept_answers(settings: Settings, slot_urls: Sequence[str], user_id: str) -> int:
    """Drops every answer that is kept for a user; how many that were. Call it after what they did is deleted.

    Every replica is told, also where one name stands for several. A slot that does not run keeps nothing.

    Raises:
        NotForgotten: a slot that runs, or Redis, did not do it.
    """
    forgotten = sum(_forget_in(each, user_id) for url in slot_urls for each in every_address(url))
    if settings.cache_url is not None:
        forgotten += asyncio.run(_forget_in_redis(settings.cache_url.get_secret_value(), user_id))
    return forgotten


def _forget_in(url: str, user_id: str) -> int:
    try:
        return int(_told(f"{url}/forget", {"user_id": user_id})["forgotten"])
    except urllib.error.HTTPError as error:
        raise NotForgotten(f"the slot at {url} answered {error.code}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return 0
        raise NotForgotten(f"the slot at {url} does not answer: {error.reason}") from error
    except (OSError, ValueError, KeyError) as error:
        raise NotForgotten(f"the slot at {url} does not answer: {error!r}") from error


def keep_answers(
    settings: Settings, slot_urls: Sequence[str], entries: Sequence[tuple[CacheKey, bytes]], seconds: float
) -> int:
    """Gives answers to the cache, for so long in Redis; how many a cache has taken. A cache that is away takes none."""
    if settings.cache_url is not None:
        return asyncio.run(_keep_in_redis(settings.cache_url.get_secret_value(), entries, seconds))
    urls = [each for url in slot_urls for each in every_address(url)]
    return max((sum(_keep_in(url, part) for part in _parts(entries)) for url in urls), default=0)


def _keep_in(url: str, entries: Sequence[tuple[CacheKey, bytes]]) -> int:
    body = {"answers": [{"user": key.user, "answer": key.answer, "content": text.decode()} for key, text in entries]}
    try:
        return int(_told(f"{url}/keep", body)["kept"])
    except (OSError, ValueError, KeyError):
        return 0


def _parts(entries: Sequence[tuple[CacheKey, bytes]]) -> Iterator[Sequence[tuple[CacheKey, bytes]]]:
    """The entries in parts that one post may hold; quotes in the content double there."""
    part: list[tuple[CacheKey, bytes]] = []
    size = 0
    for key, content in entries:
        length = len(json.dumps(content.decode())) + 150
        if part and size + length > MAX_POST_BYTES:
            yield part
            part, size = [], 0
        part.append((key, content))
        size += length
    if part:
        yield part


def _told(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON with which a slot answers the stack itself."""
    headers = {"content-type": "application/json", PROBE_HEADER: "stack"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - our own slot
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310 - our own slot
        answer: dict[str, Any] = json.loads(reply.read())
        return answer


async def _keep_in_redis(url: str, entries: Sequence[tuple[CacheKey, bytes]], seconds: float) -> int:
    answers = RedisAnswers(url, time.monotonic, TIMEOUT_SECONDS)
    try:
        return sum([await answers.keep(key, content, seconds) for key, content in entries])
    finally:
        await answers.close()


async def _forget_in_redis(url: str, user_id: str) -> int:
    answers = RedisAnswers(url, time.monotonic, TIMEOUT_SECONDS)
    try:
        return await answers.forget(user_hash(user_id))
    except (RedisError, OSError, TimeoutError) as error:
        raise NotForgotten(f"the cache at RECOPS_CACHE_URL does not answer: {type(error).__name__}") from error
    finally:
        await answers.close()
