"""What users turned to after the last items of a user, near the user's own time and never after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Events, Rows, Scores

WINDOW, FADE = 10, 5.0
"""Places apart within which one item follows another, and over how many of them it fades by 1/e."""
LAST = 10
"""Items of the user that are asked."""
MOST = 20_000
"""The newest transitions of an item that are looked at, which bounds the time of an answer."""


class EraTransitions:
    """Transitions between items with their times; memory is at most `WINDOW` numbers per event.

    A trend of years ago says little about what a user of today turns to next, so a transition that is `days` older than
    the user's last interaction weighs exp(-days / fade_days).
    """

    def __init__(self, events: Events, n_items: int) -> None:
        parts = []
        for step in range(1, min(WINDOW, max(len(events) - 1, 0)) + 1):
            same = np.flatnonzero(events.users[:-step] == events.users[step:])
            weight = np.full(len(same), np.exp(-(step - 1) / FADE), np.float32)
            parts.append((events.items[same], events.items[same + step], events.seconds[same + step], weight))
        nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float32))
        before, after, seconds, weights = (np.concatenate(column) for column in zip(nothing, *parts, strict=True))
        order = np.lexsort((seconds, before))
        self._after, self._seconds, self._weights = after[order], seconds[order].astype(float), weights[order]
        self._offsets = np.searchsorted(before[order], np.arange(n_items + 1))
        first = np.searchsorted(events.users, np.arange(int(events.users.max(initial=-1)) + 2))
        self._items, self._first, self._n_items = events.items, first, n_items

    def follows(self, user: int, now: float, items: Rows, fade_seconds: float) -> Scores:
        """How much follows the user's last items, of each of `items`, (len(items),); zeros for one without history."""
        total = np.zeros(self._n_items)
        if user + 1 < len(self._first):
            last = self._items[self._first[user] : self._first[user + 1]][-LAST:][::-1]
            for back, item in enumerate(last.tolist()):
                start, stop = self._offsets[item], self._offsets[item + 1]
                stop = start + int(np.searchsorted(self._seconds[start:stop], now))
                some = slice(max(start, stop - MOST), stop)
                weights = self._weights[some] * np.exp((self._seconds[some] - now) / fade_seconds - back / FADE)
                total += np.bincount(self._after[some], weights, self._n_items)
        return np.asarray(total[items], np.float32)

    def table(self, users: NDArray[np.integer], now: NDArray[np.float64], items: Rows, fade_seconds: float) -> Scores:
        """`follows` of several users, whose moments are `now`, each for a row of `items`; same shape as `items`."""
        rows = [
            self.follows(user, moment, row, fade_seconds)
            for user, moment, row in zip(users.tolist(), now.tolist(), items, strict=True)
        ]
        return np.array(rows, np.float32).reshape(items.shape)
