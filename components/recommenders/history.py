"""What one user has done, in order: all that tells a known user, a changed one and a stranger apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Events, Rows


@dataclass(frozen=True)
class History:
    """One user's interactions, oldest first; an item may come more than once.

    Attributes:
        items: item rows, int32.
        values: how much the user liked each, float32.
        liked: whether the interaction is relevant.
        seconds: when, since 1970, int64; all alike where times are unknown.
    """

    items: Rows
    values: NDArray[np.float32]
    liked: NDArray[np.bool_]
    seconds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def met(self) -> Rows:
        """Every item once, ascending."""
        return np.unique(self.items)

    @cached_property
    def likes(self) -> Rows:
        """Every item that was liked at least once, ascending."""
        return np.unique(self.items[self.liked])

    def last(self, n: int) -> History:
        """The latest `n` interactions."""
        start = max(len(self) - n, 0)
        return History(self.items[start:], self.values[start:], self.liked[start:], self.seconds[start:])

    def first(self, n: int) -> History:
        """The earliest `n` interactions."""
        return History(self.items[:n], self.values[:n], self.liked[:n], self.seconds[:n])

    def without(self, item: int) -> History:
        """As if the item had never been met."""
        kept = self.items != item
        return History(self.items[kept], self.values[kept], self.liked[kept], self.seconds[kept])


NO_HISTORY = History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.bool_), np.empty(0, np.int64))


def history_at(events: Events, start: int, stop: int) -> History:
    """The events from `start` up to `stop`, which are one user's."""
    some = slice(start, stop)
    return History(events.items[some], events.values[some], events.liked[some], events.seconds[some])


class Histories:
    """The histories of all users of `events`, by row."""

    def __init__(self, events: Events, n_users: int) -> None:
        self._events = events
        self._offsets = np.searchsorted(events.users, np.arange(n_users + 1))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def of(self, user: int) -> History:
        """The user's, empty for one without interactions."""
        return history_at(self._events, int(self._offsets[user]), int(self._offsets[user + 1]))
