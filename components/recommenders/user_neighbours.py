"""What the users have met whose relevant items overlap most with those of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.needs import STEPS, Needs, Size
from components.recommenders.neighbouring_users import FittedNeighbours
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable


class UserNeighboursConfig(RecommenderConfig):
    """How many neighbours count.

    Attributes:
        max_pairs: of users who met the same item; with more, items that many met find neighbours through a sample of
            those who did.
    """

    kind: Literal["user_neighbours"] = "user_neighbours"
    shrink: float = Field(default=5.0, ge=0)
    top: int = Field(default=100, ge=1)
    max_pairs: float = Field(default=3e8, ge=1)

    def build(self) -> UserNeighbours:
        """See `UserNeighbours`."""
        return UserNeighbours(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        pairs = min(size.user_pairs, self.max_pairs)
        return Needs(24 * size.interactions / 1e6, 4 * pairs / STEPS)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:  # noqa: ARG002 its memory is that of the data
        """See `RecommenderConfig`; with fewer users of what many met."""
        pairs = min(self.max_pairs, size.user_pairs) * min(seconds / self.needs(size).seconds, 1)
        return self if pairs >= min(self.max_pairs, size.user_pairs) else self.model_copy(update={"max_pairs": pairs})

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
    """The `config.top` users whose relevant items overlap most, rare items counting for more; found when asked."""

    config: UserNeighboursConfig

    def fit(self, data: TrainingData, seed: int) -> FittedNeighbours:
        """Count; `seed` draws the sample where there is one (`UserNeighboursConfig.max_pairs`)."""
        check_trainable(data)
        config, history = self.config, data.positives
        counts = np.asarray(history.sum(axis=0), np.float64).ravel()
        rarity = np.log1p(history.shape[0] / (1 + counts))
        met_by = csr_array(_sampled(history, config.max_pairs, np.random.default_rng(seed)).T)
        return FittedNeighbours(history.copy(), met_by, rarity, history @ rarity, config.shrink, config.top)


def _sampled(history: csr_array, max_pairs: float, rng: np.random.Generator) -> csr_array:
    """`history` with so few users of each item that pairs with all its users are at most about `max_pairs`.

    What the sample leaves out is not made up for: an item that so many met says least of who is alike.
    """
    counts = np.bincount(history.indices, minlength=history.shape[1]).astype(np.float64)
    if counts @ counts <= max_pairs:
        return history
    low, high = 0.0, float(counts.max())
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if counts @ np.minimum(counts, middle) <= max_pairs else (low, middle)
    share = np.minimum(low / np.maximum(counts, 1), 1)[history.indices]
    kept = rng.random(history.nnz) < share
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))[kept]
    cells = (rows, history.indices[kept])
    return csr_array((history.data[kept], cells), shape=history.shape)
