"""Makes answers before they are asked for, in the background, a few at a time."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from components.serving.requests import RecommendRequest

logger = logging.getLogger("recops.service")

MAX_WAITING = 5_000


class PrefetchFull(Exception):
    """Too many answers wait to be made; nothing of this post was taken."""


class Prefetch:
    """One per process; its workers exist only while there is something to do.

    Args:
        make: makes and keeps the answer to a request with this id, at the cost of a payer.
        concurrency: how many are made at once.
    """

    def __init__(self, make: Callable[[RecommendRequest, str, str], Awaitable[object]], concurrency: int) -> None:
        self._make = make
        self._concurrency = concurrency
        self._waiting: deque[tuple[RecommendRequest, str]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self.made = 0
        self.failed = 0

    def add(self, requests: Sequence[RecommendRequest], payer: str = "") -> None:
        """Takes the requests on, at the cost of `payer`, and returns at once.

        Raises:
            PrefetchFull: with them more than `MAX_WAITING` would wait.
        """
        if len(self._waiting) + len(requests) > MAX_WAITING:
            raise PrefetchFull(f"{len(self._waiting)} of at most {MAX_WAITING} answers wait to be made already")
        self._waiting.extend((request, payer) for request in requests)
        for _ in range(min(len(requests), self._concurrency - len(self._workers))):
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    @property
    def waiting(self) -> int:
        """How many have not been begun yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Gives up what waits and what is under way."""
        self._waiting.clear()
        for worker in self._workers:
            worker.cancel()

    async def _work(self) -> None:
        while self._waiting:
            request, payer = self._waiting.popleft()
            try:
                await self._make(request, f"prefetch-{uuid.uuid4().hex}", payer)
                self.made += 1
            except Exception:
                self.failed += 1
                logger.exception("an answer could not be made ahead")
            await asyncio.sleep(0)  # those who ask now go first
