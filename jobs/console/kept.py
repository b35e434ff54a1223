"""Keeps what is slow to find out for a while: a page gets what is kept at once, and what is old is found out anew
behind it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
TOO_OLD = 5.0
"""Times as old as a value should be: it is not shown any more."""
logger = logging.getLogger("recops.console")


class Kept:
    """One per process, for few values; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, Any]] = {}
        self._refreshing: set[str] = set()

    def get(self, name: str, seconds: float, find: Callable[[], T]) -> T:
        """What `find` gave, about `seconds` ago where somebody looks all the while; what is `TOO_OLD` is waited for."""
        with self._lock:
            known = self._values.get(name)
            age = 0.0 if known is None else self._clock() - known[0]
            if age > seconds * TOO_OLD:
                known = None
            stale = known is not None and age > seconds
            refresh = stale and name not in self._refreshing
            if refresh:
                self._refreshing.add(name)
        if known is None:
            return self._find(name, find)
        if refresh:
            threading.Thread(target=self._refresh, args=(name, find), name=f"kept {name}", daemon=True).start()
        value: T = known[1]
        return value

    def drop(self, *names: str) -> None:
        """Finds these out anew when they are asked for next."""
        with self._lock:
            for name in names:
                self._values.pop(name, None)

    def _find(self, name: str, find: Callable[[], T]) -> T:
        value = find()
        with self._lock:
            self._values[name] = (self._clock(), value)
        return value

    def _refresh(self, name: str, find: Callable[[], Any]) -> None:
        try:
            self._find(name, find)
        except Exception as error:
            logger.warning("%s could not be read anew: %s", name, type(error).__name__)
        finally:
            with self._lock:
                self._refreshing.discard(name)
