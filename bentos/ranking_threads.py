"""Ranks in threads of its own, so that the event loop goes on with other requests meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class RankingThreads:
    """One per process.

    Args:
        n_threads: rankings at once; further ones wait in the order in which they came.
    """

    def __init__(self, n_threads: int) -> None:
        self._threads = ThreadPoolExecutor(n_threads, "ranking")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives, or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Ends the threads once they are free; what waits is given up. Safe to call twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)
