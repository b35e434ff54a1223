"""Keeps bytes by user and name for a while, the least recently used dropped first, and none of it for the collector.

The garbage collector's full look stops everybody for as long as there are objects that could be part of a cycle; thirty
thousand are tens of milliseconds on a busy core. It leaves out plain tuples of bytes, texts and numbers, and what else
keeps them here is one dictionary.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class KeptBytes:
    """One per process.

    Args:
        most: bytes of all contents together.
        timer: seconds.
    """

    def __init__(self, most: float, timer: Callable[[], float]) -> None:
        self._most = most
        self._now = timer
        self._kept: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._kept

    @property
    def size(self) -> int:
        """Of all contents together."""
        return self._bytes

    def get(self, user: str, name: str) -> bytes | None:
        """The content, which is now the most recently used; None where there is none, or no more."""
        key = (user, name)
        found = self._kept.get(key)
        if found is None:
            return None
        content, end = found
        if end <= self._now():
            self.drop(user, name)
            return None
        self._kept.move_to_end(key)
        return content

    def keep(self, user: str, name: str, content: bytes, seconds: float) -> None:
        """Keeps it for so long, unless it alone is too large."""
        if len(content) > self._most:
            return
        self.drop(user, name)
        now = self._now()
        self._kept[user, name] = (content, now + seconds)
        self._bytes += len(content)
        while self._kept and (self._bytes > self._most or next(iter(self._kept.values()))[1] <= now):
            self._bytes -= len(self._kept.popitem(last=False)[1][0])

    def drop(self, user: str, name: str) -> None:
        """Keeps it no more."""
        found = self._kept.pop((user, name), None)
        if found is not None:
            self._bytes -= len(found[0])

    def drop_all_of(self, user: str) -> int:
        """How many there were."""
        names = [name for owner, name in self._kept if owner == user]
        for name in names:
            self.drop(user, name)
        return len(names)
