"""What one user has done, in order: all that tells a known user, a changed one and a stranger apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.recommenders.events import events_of
from components.recommenders.protocol import Events, Rows, TrainingData


@dataclass(frozen=True)
class History:
    """One user's interactions, oldest first; an item may come more than once.

    Attributes:
        items: item rows, int32.
        values: how much the user liked each, float32.
        liked: whether the interaction is relevant.
        seconds: when, since 1970, int64; all alike where times are unknown.
        kinds: of which type each is, as in `Events`, -1 where unknown; None where nothing is known of types.
        traits: the user's value of each of `TrainingData.traits`, int8; None where nothing is known of users.
    """

    items: Rows
    values: NDArray[np.float32]
    liked: NDArray[np.bool_]
    seconds: NDArray[np.int64]
    kinds: NDArray[np.int8] | None = None
    traits: NDArray[np.int8] | None = None

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
        return self.where(slice(max(len(self) - n, 0), None))

    def first(self, n: int) -> History:
        """The earliest `n` interactions."""
        return self.where(slice(n))

    def without(self, item: int) -> History:
        """As if the item had never been met."""
        return self.where(self.items != item)

    def where(self, which: slice | NDArray[np.bool_]) -> History:
        """The interactions of a part of the history."""
        kinds = None if self.kinds is None else self.kinds[which]
        values, liked = self.values[which], self.liked[which]
        return History(self.items[which], values, liked, self.seconds[which], kinds, self.traits)


NO_HISTORY = History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.bool_), np.empty(0, np.int64))


def history_at(events: Events, start: int, stop: int) -> History:
    """The events from `start` up to `stop`, which are one user's."""
    some = slice(start, stop)
    kinds = None if events.kinds is None else events.kinds[some]
    return History(events.items[some], events.values[some], events.liked[some], events.seconds[some], kinds)


class Histories:
    """The histories of all users of `events`, by row; `traits` are theirs, (n_users, n_traits)."""

    def __init__(self, events: Events, n_users: int, traits: NDArray[np.int8] | None = None) -> None:
        self._events = events
        self._traits = traits
        self._offsets = np.searchsorted(events.users, np.arange(n_users + 1))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def of(self, user: int) -> History:
        """The user's, empty for one without interactions."""
        found = history_at(self._events, int(self._offsets[user]), int(self._offsets[user + 1]))
        return found if self._traits is None else replace(found, traits=self._traits[user])


def histories_of(data: TrainingData) -> Histories:
    """Those of all users of `data`, with what is known of the users."""
    traits = np.column_stack(list(data.traits.values())) if data.traits else None
    return Histories(events_of(data), len(data.user_ids), traits)
