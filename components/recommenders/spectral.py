"""The leading singular vectors of the normalised matrix of users and items: an ideal low-pass filter (Shen 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.needs import FLOPS, STEPS, Needs, Size
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable


class SpectralConfig(RecommenderConfig):
    """How many singular vectors are kept."""

    kind: Literal["spectral"] = "spectral"
    dimensions: int = Field(default=40, ge=1)

    def build(self) -> Spectral:
        """See `Spectral`."""
        return Spectral(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        rows, width = size.users + size.items, self.dimensions
        return Needs(40 * rows * width / 1e6, 10 * width * (size.interactions / STEPS + rows * width / FLOPS))

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(dimensions=dimensions) for dimensions in (40, 20, 80)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()]


@dataclass(frozen=True)
class Spectral:
    """Rows and columns are divided by the roots of their sums before; memory is that of the factors."""

    config: SpectralConfig

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Decompose, starting from `seed`; at most one vector fewer than there are users or items."""
        from scipy.sparse.linalg import svds

        check_trainable(data)
        counts = np.maximum(np.asarray(data.positives.sum(axis=0), np.float64).ravel(), 1)
        totals = np.maximum(np.asarray(data.positives.sum(axis=1), np.float64).ravel(), 1)
        scaled = data.positives.astype(np.float64)
        scaled.data /= np.sqrt(np.repeat(totals, np.diff(scaled.indptr)) * counts[scaled.indices])
        rank = min(self.config.dimensions, min(scaled.shape) - 1)
        if rank < 1:
            vectors = np.ones((scaled.shape[1], 1))
        else:
            start = np.random.default_rng(seed).standard_normal(min(scaled.shape))
            vectors = svds(scaled, k=rank, v0=start)[2].T
        by_item = csr_array(data.positives.astype(np.float64))
        by_item.data /= np.sqrt(counts[by_item.indices])
        users = by_item @ vectors
        items = vectors * np.sqrt(counts)[:, None]
        return FittedFactors(
            np.ascontiguousarray(users, np.float32),
            np.ascontiguousarray(items, np.float32),
            vectors.shape[1],
            HistoryFold("sum"),
            np.ascontiguousarray(vectors / np.sqrt(counts)[:, None], np.float32),
        )
