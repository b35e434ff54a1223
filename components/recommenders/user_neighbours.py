"""What the users have met whose relevant items overlap most with those of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, vstack

from components.recommenders.item_weights import strongest_of_sparse
from components.recommenders.needs import STEPS, Needs, Size
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.user_weights import FittedUserWeights

BLOCK_PAIRS = 20_000_000
"""Of users and others with an item in common, gone through at once."""


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
        return Needs((BLOCK_PAIRS * 40 + size.users * self.top * 12) / 1e6, 4 * pairs / STEPS)

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
    """The `config.top` users whose relevant items overlap most, rare items counting for more.

    Users are gone through in blocks, so that memory is that of a block's pairs and of the neighbours that are kept.
    """

    config: UserNeighboursConfig

    def fit(self, data: TrainingData, seed: int) -> FittedUserWeights:
        """Count; `seed` draws the sample where there is one (`UserNeighboursConfig.max_pairs`)."""
        check_trainable(data)
        config, history = self.config, data.positives
        n_users = history.shape[0]
        counts = np.asarray(history.sum(axis=0), np.float64).ravel()
        rarity = np.log1p(n_users / (1 + counts))
        weighted = history.astype(np.float64)
        weighted.data = weighted.data * rarity[history.indices]
        totals = np.asarray(weighted.sum(axis=1)).ravel()
        others = _sampled(history, config.max_pairs, np.random.default_rng(seed))
        found_by = csr_array(others.T)
        pairs_of = np.bincount(
            np.repeat(np.arange(n_users), np.diff(history.indptr)), np.diff(found_by.indptr)[history.indices], n_users
        )
        blocks = []
        for start, stop in _blocks(pairs_of):
            shared = csr_array(weighted[start:stop] @ found_by).tocoo()
            apart = shared.row + start != shared.col
            row, column = shared.row[apart], shared.col[apart]
            values = shared.data[apart] / (np.sqrt(totals[row + start] * totals[column]) + config.shrink)
            near = csr_array((values.astype(np.float32), (row, column)), shape=shared.shape)
            blocks.append(strongest_of_sparse(near, config.top))
        return FittedUserWeights(csr_array(vstack(blocks, format="csr")), history.copy())


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


def _blocks(pairs_of: NDArray[np.number]) -> list[tuple[int, int]]:
    """Ranges of users with about `BLOCK_PAIRS` pairs each."""
    number = (np.cumsum(pairs_of) // BLOCK_PAIRS).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, number[1:] != number[:-1]]).tolist()
    return list(zip(starts, [*starts[1:], len(pairs_of)], strict=True))
