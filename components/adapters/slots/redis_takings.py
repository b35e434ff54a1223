"""Carries what was taken from shared limits through a Redis channel, a few times a second; nothing is kept there.

A thread of its own talks to Redis. While Redis is away each process goes by what it gave itself.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress

import orjson
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger("recops.service")

CHANNEL = "recops:takings"
EVERY_SECONDS = 0.1
AWAY_SECONDS = 2.0
"""How long Redis is left alone after it failed."""
MOST_NAMES = 10_000
"""Told at once; what else was taken in that tenth of a second is not."""
MOST_WAITING = 100_000
"""Of one limit, heard and not yet counted."""


class RedisTakings:
    """`Takings` through a Redis; connects in its thread, which starts at once.

    Args:
        url: such as redis://:password@host:6379/0; never logged.
    """

    def __init__(self, url: str, every_seconds: float = EVERY_SECONDS, away_seconds: float = AWAY_SECONDS) -> None:
        self._redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._every, self._away = every_seconds, away_seconds
        self._me = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._told: Counter[tuple[str, str]] = Counter()
        self._heard: dict[str, deque[tuple[str, float]]] = defaultdict(lambda: deque(maxlen=MOST_WAITING))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shared-limits", daemon=True)
        self._thread.start()

    def tell(self, limit: str, name: str, amount: float) -> None:
        """Something was taken here."""
        with self._lock:
            if len(self._told) < MOST_NAMES or (limit, name) in self._told:
                self._told[limit, name] += amount  # type: ignore[assignment]

    def heard(self, limit: str) -> Sequence[tuple[str, float]]:
        """What was taken elsewhere since the last call."""
        if not self._heard[limit]:
            return ()
        with self._lock:
            heard = list(self._heard[limit])
            self._heard[limit].clear()
        return heard

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread and lets go of Redis; safe to call twice."""
        self._closing.set()
        self._thread.join(timeout)
        self._redis.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(CHANNEL)
                    while not self._closing.is_set():
                        message = channel.get_message(timeout=self._every)
                        if message is not None:
                            self._take_in(message["data"])
                        self._send()
            except (RedisError, OSError) as error:
                logger.warning("limits are not shared for %g s: %s", self._away, type(error).__name__)
                with self._lock:
                    self._told.clear()
                self._closing.wait(self._away)

    def _send(self) -> None:
        with self._lock:
            told, self._told = self._told, Counter()
        if told:
            takings = [(limit, name, amount) for (limit, name), amount in told.items()]
            self._redis.publish(CHANNEL, orjson.dumps({"by": self._me, "takings": takings}))

    def _take_in(self, content: bytes) -> None:
        with suppress(ValueError, TypeError, KeyError):  # anybody may write to the channel
            message = orjson.loads(content)
            if message["by"] == self._me:
                return
            with self._lock:
                for limit, name, amount in message["takings"]:
                    self._heard[str(limit)].append((str(name), max(0.0, float(amount))))
