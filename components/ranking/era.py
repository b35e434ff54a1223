"""What users turned to after the last items of a user, near the user's own time and never after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.ranking.places import Places
from components.recommenders.history import History
from components.recommenders.protocol import Events, Rows

WINDOW, FADE = 10, 5.0
"""Places apart within which one item follows another, and over how many of them it fades by 1/e."""
LAST = 10
"""Items of the user that are asked."""
MOST = 2_000
"""The newest transitions of an item that are looked at, which bounds the time of an answer."""
MOST_EVENTS = 5_000_000
"""The newest events that are looked at, which bounds memory at about 16 bytes times `WINDOW` an event."""


class EraTransitions:
    """Transitions between items with their times.

    A trend of years ago says little about what a user of today turns to next, so a transition that is `days` older than
    the user's last interaction weighs exp(-days / fade_days).

    Args:
        asked, found: the events that others may follow, and those that may follow; None: all.
    """

    def __init__(
        self,
        events: Events,
        n_items: int,
        asked: NDArray[np.bool_] | None = None,
        found: NDArray[np.bool_] | None = None,
    ) -> None:
        since = 0
        if len(events) > MOST_EVENTS:
            since = int(np.partition(events.seconds, -MOST_EVENTS)[-MOST_EVENTS])
        parts = []
        for step in range(1, min(WINDOW, max(len(events) - 1, 0)) + 1):
            pairs = (events.users[:-step] == events.users[step:]) & (events.seconds[step:] >= since)
            if asked is not None:
                pairs &= asked[:-step]
            if found is not None:
                pairs &= found[step:]
            same = np.flatnonzero(pairs)
            weight = np.full(len(same), np.exp(-(step - 1) / FADE), np.float32)
            parts.append((events.items[same], events.items[same + step], events.seconds[same + step], weight))
        nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float32))
        before, after, seconds, weights = (np.concatenate(column) for column in zip(nothing, *parts, strict=True))
        order = np.lexsort((seconds, before))
        self._after, self._seconds, self._weights = after[order], seconds[order], weights[order]
        self._offsets = np.searchsorted(before[order], np.arange(n_items + 1))

    def follows(
        self, history: History, now: float, items: Rows, place_of: Places, fades: Sequence[float]
    ) -> NDArray[np.float64]:
        """How much follows the history's last items, of each of `items`, for each fade in seconds, (fades, items).

        Args:
            place_of: where each item of the catalogue is among `items`.
        """
        parts: list[tuple[slice, int]] = []
        for back, item in enumerate(history.items[: -LAST - 1 : -1].tolist()):
            start, stop = self._offsets[item], self._offsets[item + 1]
            stop = start + int(np.searchsorted(self._seconds[start:stop], now))
            parts.append((slice(max(start, stop - MOST), stop), back))
        if not parts:
            return np.zeros((len(fades), len(items)))
        asked, places = place_of.among(np.concatenate([self._after[some] for some, _ in parts]))
        seconds = np.concatenate([self._seconds[some] for some, _ in parts])
        weights = np.concatenate([self._weights[some] * np.float32(np.exp(-back / FADE)) for some, back in parts])
        ago, weights = seconds[asked] - now, weights[asked]
        return np.array([np.bincount(places, weights * np.exp(ago / fade), len(items)) for fade in fades])
