"""EASE over how much was liked instead of whether, answering from what was liked lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.ease import ease_needs, ease_weights
from components.recommenders.events import events_of, positions
from components.recommenders.item_weights import FittedItemWeights
from components.recommenders.needs import Needs, Size, fewer_items
from components.recommenders.protocol import Events, RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.reading import HistoryReading, liking


class EaseValuedConfig(RecommenderConfig):
    """As of EASE; a user's interactions weigh 1/e after `fade` places, or all alike with 0."""

    kind: Literal["ease_valued"] = "ease_valued"
    regularisation: float = Field(default=300.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)
    fade: float = Field(default=40.0, ge=0)

    def build(self) -> EaseValued:
        """See `EaseValued`."""
        return EaseValued(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return ease_needs(size.users, size.items, size.item_pairs, self.max_items)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:
        """See `RecommenderConfig`; solved for fewer items."""
        max_items = fewer_items(self.needs(size), size, self.max_items, seconds, megabytes)
        return self.model_copy(update={"max_items": max_items})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        tried = [(300, 40), (300, 0), (300, 100), (600, 40)] if task.in_order else [(300, 0), (600, 0)]
        return [cls(regularisation=value, fade=fade) for value, fade in tried]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(fade=fade) for fade in ((0, 20) if task.in_order else (0,))]


@dataclass(frozen=True)
class EaseValued:
    """The weights are learnt from all interactions by value; a user's own fade with `config.fade` places, unless 0."""

    config: EaseValuedConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times nothing fades."""
        check_trainable(data)
        events = events_of(data)
        reading = self._reading(events)
        weights_of = np.where(events.liked, 1.0, 0.0)
        if reading.spread:
            weights_of = liking(events.values, reading.least, reading.spread)
        config, liked = self.config, _sum(events, weights_of, data.seen.shape)
        weights = ease_weights(liked, config.regularisation, config.top, config.max_items)
        if reading.fade:
            place, size = positions(events)
            weights_of = weights_of * np.exp(-(size - 1 - place) / reading.fade)
        return FittedItemWeights(_sum(events, weights_of, data.seen.shape), weights, reading)

    def _reading(self, events: Events) -> HistoryReading:
        values = events.values.astype(np.float64)
        spread, fade = float(values.std()), self.config.fade if events.timed else 0.0
        if not spread or not events.liked.any():
            return HistoryReading("value", fade=fade)
        return HistoryReading("value", fade=fade, least=float(values[events.liked].min()), spread=spread)


def _sum(events: Events, weights: NDArray[np.float64], shape: tuple[int, int]) -> csr_array:
    matrix = csr_array((weights.astype(np.float32), (events.users, events.items)), shape=shape)
    matrix.sum_duplicates()
    return matrix
