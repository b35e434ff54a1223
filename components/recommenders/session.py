"""What users turn to next: transitions from each of the last few items to those met soon after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.events import events_of, recent
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest_of_sparse
from components.recommenders.needs import Needs, Size, fewer_places, pair_counts
from components.recommenders.pairs_apart import Places, sum_pairs
from components.recommenders.protocol import Events, RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.reading import HistoryReading


class SessionConfig(RecommenderConfig):
    """Transitions between items at most `window` places apart, asked with each user's `last` items.

    Both a transition and a user's own items fade by 1/e over so many places; `window_fade` None means `fade`.
    """

    kind: Literal["session"] = "session"
    window: int = Field(default=10, ge=1)
    last: int = Field(default=10, ge=1)
    fade: float = Field(default=5.0, gt=0)
    window_fade: float | None = Field(default=None, gt=0)
    both_ways: bool = False
    shrink: float = Field(default=5.0, gt=0)
    popularity_discount: float = Field(default=0.4, ge=0, le=1)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=200_000, ge=1)

    def build(self) -> Session:
        """See `Session`."""
        return Session(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return pair_counts(size, self.window)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:
        """See `RecommenderConfig`; with a shorter window."""
        return self.model_copy(update={"window": fewer_places(size, self.window, seconds, megabytes)})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        if not task.in_order:
            return []
        return [cls(window=window, last=window, fade=fade) for window, fade in ((10, 5), (30, 15), (3, 2))]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        if not task.in_order:
            return cls._near()
        onward = [cls(window=window, last=window, fade=fade) for window, fade in ((3, 2.0), (10, 5.0), (30, 15.0))]
        around = ((3, 4.0), (30, 25.0))
        return [*onward, *(cls(window=window, last=2 * window, fade=fade, both_ways=True) for window, fade in around)]

    @classmethod
    def _near(cls) -> Sequence[Self]:
        """All of a user's interactions count alike, as what is asked for lies between them."""
        alike = cls(last=100_000, fade=1e9, both_ways=True, shrink=20, popularity_discount=0.5)
        windows = ((3, 9.0), (10, 5.0), (30, 30.0))
        return [alike.model_copy(update={"window": window, "window_fade": fade}) for window, fade in windows]


@dataclass(frozen=True)
class Session:
    """Counts, for each pair of items, how often the second follows within `config.window` places, near ones more.

    Counts are divided by a power of how often the second item follows anything, so that popular items do not always
    win. Where times are unknown, neighbours count in both directions.
    """

    config: SessionConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used.

        Raises:
            RecommenderError: the catalogue has more than `config.max_items` items.
        """
        check_trainable(data)
        check_catalogue(self.config.kind, len(data.item_ids), self.config.max_items)
        events, config = events_of(data), self.config
        follows = transitions(events, len(data.item_ids), config.window, config.window_fade or config.fade)
        if not events.timed or config.both_ways:
            follows = csr_array(follows + follows.T)
        arrivals = np.asarray(follows.sum(axis=0), np.float32).ravel()
        follows.data /= (arrivals[follows.indices] + config.shrink) ** config.popularity_discount
        weights = strongest_of_sparse(follows, config.top)
        if not events.timed:
            return FittedItemWeights(data.seen.copy(), weights, HistoryReading("met"))
        history = recent(events, data.seen.shape, config.last, config.fade)
        return FittedItemWeights(history, weights, HistoryReading("recent", config.last, config.fade))


def transitions(events: Events, n_items: int, window: int, fade: float) -> csr_array:
    """How often the item of a column follows the item of a row by 1..window places, weighing exp(-(places - 1) / fade).

    Memory grows with the number of different pairs, at most `window` per event.
    """

    def weigh(n_places: int, earlier: Places, later: Places) -> NDArray[np.floating]:
        return np.where(events.items[earlier] != events.items[later], np.exp(-(n_places - 1) / fade), 0)

    return sum_pairs(events, n_items, range(1, window + 1), weigh)
