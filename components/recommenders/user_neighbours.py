"""What the users have met whose relevant items overlap most with those of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.item_weights import check_catalogue, strongest_of_sparse
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.user_weights import FittedUserWeights


class UserNeighboursConfig(RecommenderConfig):
    """How many neighbours count; `max_items` bounds users here."""

    kind: Literal["user_neighbours"] = "user_neighbours"
    shrink: float = Field(default=5.0, ge=0)
    top: int = Field(default=100, ge=1)
    max_items: int = Field(default=50_000, ge=1)

    def build(self) -> UserNeighbours:
        """See `UserNeighbours`."""
        return UserNeighbours(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(top=top) for top in (100, 50, 200)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()]


@dataclass(frozen=True)
class UserNeighbours:
    """The `config.top` users whose relevant items overlap most, rare items counting for more."""

    config: UserNeighboursConfig

    def fit(self, data: TrainingData, seed: int) -> FittedUserWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used.

        Raises:
            RecommenderError: there are more than `config.max_items` users.
        """
        check_trainable(data)
        history = data.positives
        check_catalogue(self.config.kind, history.shape[0], self.config.max_items)
        counts = np.asarray(history.sum(axis=0), np.float64).ravel()
        rarity = np.log1p(history.shape[0] / (1 + counts))
        weighted = history.astype(np.float64)
        weighted.data = weighted.data * rarity[history.indices]
        totals = np.asarray(weighted.sum(axis=1)).ravel()
        shared = csr_array(weighted @ history.T).tocoo()
        others = shared.row != shared.col
        row, column = shared.row[others], shared.col[others]
        values = shared.data[others] / (np.sqrt(totals[row] * totals[column]) + self.config.shrink)
        near = csr_array((values.astype(np.float32), (row, column)), shape=shared.shape)
        return FittedUserWeights(strongest_of_sparse(near, self.config.top), history.copy())
