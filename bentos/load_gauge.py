"""Tells whether work waits in front of the event loop, and keeps waiting: then cheap answers, at last none, are due.

Looks at the least that the loop was late by in its last few looks, not the most: a short queue that empties again, a
collection of garbage or a neighbour's burst is no overload, a queue that stands is (Nichols and Jacobson, Controlling
Queue Delay, 2012).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

LOOK_SECONDS = 0.02
LOOKS = 5
BUSY_SECONDS = 0.2
"""What comes waits longer than this: recommendations are made the cheap way."""
FULL_SECONDS = 1.0
"""What comes waits longer than this: it is answered with 503 at once, but for feedback."""
Load = Literal["free", "busy", "full"]


class LoadGauge:
    """One per process; it looks while an event loop runs in which `look` was called.

    Args:
        perf_counter: seconds.
    """

    def __init__(self, perf_counter: Callable[[], float]) -> None:
        self._now = perf_counter
        self._late: deque[float] = deque(maxlen=LOOKS)
        self._looking: asyncio.Task[None] | None = None

    @property
    def load(self) -> Load:
        """What the process can take on."""
        late = min(self._late) if len(self._late) == LOOKS else 0.0
        return "free" if late < BUSY_SECONDS else "busy" if late < FULL_SECONDS else "full"

    def look(self) -> None:
        """Begins to look in the running loop, if nobody does."""
        if self._looking is None or self._looking.done():
            self._late.clear()
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while True:
            due = self._now() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self._late.append(self._now() - due)
