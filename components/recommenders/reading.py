"""How an item-to-item model reads a history: which items it asks, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.recommenders.history import History
from components.recommenders.protocol import Rows, Scores

LEAST, MOST = -0.25, 1.5
"""An interaction that was barely relevant counts 1; a clear dislike counts a little against."""


@dataclass(frozen=True)
class HistoryReading:
    """Liked items count 1 each, or everything met does, or as much as it was liked, or the last few, fading.

    Attributes:
        kind: `liked` and `met` take each item once; `value` counts how much it was liked, `recent` the last ones, and
            so does `newest`, the b-th before the last counting (b + 1) ** -power.
        last: how many interactions `recent` and `newest` take.
        fade: over how many places a weight falls to 1/e, for `value` and `recent`; 0 for never.
        least, spread: of `value`, the least value that is relevant, and how far values spread; where they do not, what
            was liked counts 1.
    """

    kind: Literal["liked", "met", "value", "recent", "newest"] = "liked"
    last: int = 0
    fade: float = 0.0
    least: float = 0.0
    spread: float = 0.0
    power: float = 0.0

    def weigh(self, history: History) -> tuple[Rows, Scores]:
        """Items of the history and how much each counts; an item may come more than once."""
        if self.kind == "liked":
            return history.likes, np.ones(len(history.likes), np.float32)
        if self.kind == "met":
            return history.met, np.ones(len(history.met), np.float32)
        if self.kind == "recent":
            latest = history.last(self.last)
            return latest.items, _faded(len(latest), self.fade).astype(np.float32)
        if self.kind == "newest":
            latest = history.last(self.last)
            return latest.items, (np.arange(len(latest), 0, -1.0) ** -self.power).astype(np.float32)
        weights = liking(history.values, self.least, self.spread) if self.spread else history.liked.astype(np.float64)
        return history.items, (weights * _faded(len(history), self.fade)).astype(np.float32)


LIKED = HistoryReading()


def liking(values: NDArray[np.floating], least: float, spread: float) -> NDArray[np.float64]:
    """1 for the least relevant value, half a unit more or less per standard deviation, between LEAST and MOST."""
    found: NDArray[np.float64] = np.clip(1 + 0.5 * (values.astype(np.float64) - least) / spread, LEAST, MOST)
    return found


def _faded(size: int, fade: float) -> NDArray[np.float64]:
    """1 for the newest of `size`, which is the last, and less for each before."""
    return np.exp(-np.arange(size - 1, -1, -1) / fade) if fade else np.ones(size)
