"""Drops what the slots and the shared cache keep for a user: part of forgetting somebody."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from redis.exceptions import RedisError

from components.adapters.envoy_routes import PROBE_HEADER
from components.adapters.redis_cache import RedisAnswers
from components.adapters.settings import Settings
from components.routing.cache_key import user_hash

TIMEOUT_SECONDS = 5.0


class NotForgotten(Exception):
    """A cache may still hold answers of the user, for an hour at most; the message says which."""


def forget_kept_answers(settings: Settings, slot_urls: Sequence[str], user_id: str) -> int:
    """Drops every answer that is kept for a user; how many that were. Call it after what they did is deleted.

    A slot that does not run keeps nothing.

    Raises:
        NotForgotten: a slot that runs, or Redis, did not do it.
    """
    forgotten = sum(_forget_in(url, user_id) for url in slot_urls)
    if settings.cache_url is not None:
        forgotten += asyncio.run(_forget_in_redis(settings.cache_url.get_secret_value(), user_id))
    return forgotten


def _forget_in(url: str, user_id: str) -> int:
    request = urllib.request.Request(  # noqa: S310 - our own slot
        f"{url}/forget",
        json.dumps({"user_id": user_id}).encode(),
        {"content-type": "application/json", PROBE_HEADER: "forget"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310 - our own slot
            return int(json.loads(reply.read())["forgotten"])
    except urllib.error.HTTPError as error:
        raise NotForgotten(f"the slot at {url} answered {error.code}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return 0
        raise NotForgotten(f"the slot at {url} does not answer: {error.reason}") from error
    except (OSError, ValueError, KeyError) as error:
        raise NotForgotten(f"the slot at {url} does not answer: {error!r}") from error


async def _forget_in_redis(url: str, user_id: str) -> int:
    answers = RedisAnswers(url, time.monotonic, TIMEOUT_SECONDS)
    try:
        return await answers.forget(user_hash(user_id))
    except (RedisError, OSError, TimeoutError) as error:
        raise NotForgotten(f"the cache at RECOPS_CACHE_URL does not answer: {type(error).__name__}") from error
    finally:
        await answers.close()
