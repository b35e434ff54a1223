"""EASE over how much was liked instead of whether, answering from what was liked lately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.config.params import EaseValued as EaseValuedParams
from components.recommenders.ease import ease_weights
from components.recommenders.events import events_of, positions
from components.recommenders.item_weights import FittedItemWeights, check_catalogue
from components.recommenders.protocol import Events, TrainingData, check_trainable

LEAST, MOST = -0.25, 1.5
"""An interaction that was barely relevant counts 1; a clear dislike counts a little against."""


@dataclass(frozen=True)
class EaseValued:
    """The weights are learnt from all interactions by value; a user's own fade with `params.fade` places, unless 0."""

    params: EaseValuedParams

    name: ClassVar[str] = "ease_valued"

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times nothing fades.

        Raises:
            RecommenderError: the smaller of the numbers of users and items is above `params.max_items`.
        """
        check_trainable(data)
        check_catalogue(self.name, min(data.positives.shape), self.params.max_items)
        events = events_of(data)
        liking = liking_of(events)
        weights = ease_weights(_sum(events, liking, data.seen.shape), self.params.regularisation, self.params.top)
        if self.params.fade and events.timed:
            place, size = positions(events)
            liking = liking * np.exp(-(size - 1 - place) / self.params.fade)
        return FittedItemWeights(_sum(events, liking, data.seen.shape), weights)


def liking_of(events: Events) -> NDArray[np.float64]:
    """1 for the least relevant value, half a unit more or less per standard deviation, between LEAST and MOST."""
    values = events.values.astype(np.float64)
    spread = values.std()
    if not spread or not events.liked.any():
        return np.where(events.liked, 1.0, 0.0)
    liking: NDArray[np.float64] = np.clip(1 + 0.5 * (values - values[events.liked].min()) / spread, LEAST, MOST)
    return liking


def _sum(events: Events, weights: NDArray[np.float64], shape: tuple[int, int]) -> csr_array:
    matrix = csr_array((weights.astype(np.float32), (events.users, events.items)), shape=shape)
    matrix.sum_duplicates()
    return matrix
