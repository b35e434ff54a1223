"""Ranks in threads of its own, so that the event loop goes on with other requests meanwhile, and bounds who waits.

A ranking takes milliseconds of the interpreter, which the threads share: what waits here waits for all that came
before it, and the event loop is not late for it. So the bound is a number of rankings, not a time: a neighbour's burst
makes none of them wait in line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from bentos.ranking_processes import RankingProcesses

HURRIED_WAITING = 4
"""Who would take a cheaper answer waits behind at most so many: with these and the two at work an answer takes about
three times as long as alone."""
MOST_WAITING = 250
"""Nobody waits behind more: at 4 ms each that is a second."""
T = TypeVar("T")


class RankingsWait(Exception):
    """So many rankings wait already that this one would not be made in time."""


class RankingThreads:
    """One per process.

    Args:
        n_threads: rankings at once; further ones wait in the order in which they came.
        processes: what the threads ask; started and closed with this object.
    """

    def __init__(self, n_threads: int, processes: RankingProcesses | None = None) -> None:
        self._processes = processes
        self._threads = ThreadPoolExecutor(n_threads, "ranking")
        self._n_threads = n_threads
        self._under_way = 0

    async def run(self, work: Callable[[], T], hurried: bool = False) -> T:
        """What `work` gives, or raises; `hurried` is whether who asks has something else to turn to.

        Raises:
            RankingsWait: more than `HURRIED_WAITING`, or `MOST_WAITING`, wait; nothing was done.
        """
        if self._under_way - self._n_threads >= (HURRIED_WAITING if hurried else MOST_WAITING):
            raise RankingsWait(f"{self._under_way} rankings are under way")
        self._under_way += 1
        ranking = asyncio.get_running_loop().run_in_executor(self._threads, work)
        ranking.add_done_callback(self._ended)
        return await ranking

    def start(self) -> None:
        """Starts the processes; without them the threads rank themselves."""
        if self._processes is not None:
            self._processes.start()

    def close(self) -> None:
        """Ends the threads once they are free; what waits is given up. Safe to call twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._processes is not None:
            self._processes.close()

    def _ended(self, _ranking: asyncio.Future[Any]) -> None:
        self._under_way -= 1
