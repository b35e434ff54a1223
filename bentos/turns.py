"""Lets requests of one address begin a few at a time, so that who sends many keeps themselves waiting, not others.

The event loop answers in the order in which requests come: a hundred at once from one address would all be before the
one that comes next. So each address has a line of its own. A turn ends when the loop has come round after the answer,
most of which are made without a pause, or after `TURN_SECONDS`: what waits for a language model holds nobody else up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 1
"""Of one address. Answers are made by one interpreter: side by side they take as long as one after another."""
TURN_SECONDS = 0.05
MOST_WAITING = 100
"""Of one address, each with its connection and up to 64 KB of its body in memory."""


class LineFull(Exception):
    """As many of the address wait already as may."""


class Turns:
    """One per process.

    Args:
        seconds: after which a turn is over, whether there is an answer or not.
    """

    def __init__(self, at_once: int = AT_ONCE, seconds: float = TURN_SECONDS, most_waiting: int = MOST_WAITING) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._most_waiting = most_waiting
        self._begun: dict[str, int] = {}
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Entered when it is the turn of a request of `name`; at once where that is empty.

        Raises:
            LineFull: too many wait already.
        """
        if not name:
            yield
            return
        await self._come(name)
        is_over = False

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._pass_on(name)

        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._seconds, end)
        try:
            yield
        finally:
            timer.cancel()
            loop.call_soon(end)

    async def _come(self, name: str) -> None:
        begun = self._begun.get(name, 0)
        if begun < self._at_once:
            self._begun[name] = begun + 1
            return
        line = self._lines.setdefault(name, deque())
        if len(line) >= self._most_waiting:
            raise LineFull
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn had come already
                self._pass_on(name)
            raise

    def _pass_on(self, name: str) -> None:
        """To the first who waits still, or to nobody."""
        line = self._lines.get(name)
        while line:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._lines.pop(name, None)
        if self._begun[name] == 1:
            del self._begun[name]
        else:
            self._begun[name] -= 1
