"""Reads what others may have changed, at once and then again and again, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Rereading:
    """Begins with a first reading, which is done before the constructor returns.

    Args:
        name: of the thread.
        read: must not raise; what cannot be read now is tried again.
        seconds: between two readings.
        at_end: called once, in the thread, after the last reading.
    """

    def __init__(self, name: str, read: Callable[[], None], seconds: float, at_end: Callable[[], None]) -> None:
        self._read = read
        self._seconds = seconds
        self._at_end = at_end
        self._closing = threading.Event()
        read()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread; safe to call twice."""
        self._closing.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing.wait(self._seconds):
            self._read()
        self._at_end()
