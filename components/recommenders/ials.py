"""Matrix factorisation of implicit feedback by alternating least squares (Hu, Koren and Volinsky 2008)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.needs import FLOPS, Needs, Size
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable


class IalsConfig(RecommenderConfig):
    """As of implicit's solver."""

    kind: Literal["ials"] = "ials"
    dimensions: int = Field(default=32, ge=1)
    iterations: int = Field(default=15, ge=1)
    regularisation: float = Field(default=5.0, ge=0)
    alpha: float = Field(default=1.0, gt=0)

    def build(self) -> Ials:
        """See `Ials`."""
        return Ials(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        width, rows = self.dimensions, size.users + size.items
        flops = self.iterations * (size.interactions * width**2 + rows * width**3)
        return Needs(16 * rows * width / 1e6, 2 * flops / FLOPS)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:  # noqa: ARG002 its memory is that of the data
        """See `RecommenderConfig`; with fewer rounds."""
        share = seconds / self.needs(size).seconds
        return self if share >= 1 else self.model_copy(update={"iterations": max(1, int(self.iterations * share))})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        tried = ((32, 5, 1), (64, 10, 1), (32, 10, 3))
        return [cls(dimensions=width, regularisation=value, alpha=alpha) for width, value, alpha in tried]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(), cls(dimensions=64, regularisation=10)]


@dataclass(frozen=True)
class Ials:
    """implicit's solver on one thread; its factors are all that serving needs.

    Memory is that of the factors, (n_users + n_items) × dimensions float32.
    """

    config: IalsConfig

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Train for `config.iterations` rounds; a user without relevant interactions gets zeros."""
        from implicit.cpu.als import AlternatingLeastSquares

        check_trainable(data)
        config, rng = self.config, np.random.default_rng(seed)
        with warnings.catch_warnings():
            # That BLAS has threads of its own slows implicit down only where implicit has several as well.
            warnings.simplefilter("ignore", RuntimeWarning)
            model = AlternatingLeastSquares(
                factors=config.dimensions,
                regularization=config.regularisation,
                alpha=config.alpha,
                iterations=config.iterations,
                num_threads=1,
                random_state=seed,
            )
        n_users, n_items = data.positives.shape
        # implicit draws from [0, 1) itself; factors of both signs converge to the better solution on small data.
        model.user_factors = rng.normal(0, 0.01, (n_users, config.dimensions)).astype(np.float32)
        model.item_factors = rng.normal(0, 0.01, (n_items, config.dimensions)).astype(np.float32)
        model.fit(csr_matrix(data.positives, dtype=np.float32, copy=True), show_progress=False)
        users = model.user_factors * (np.diff(data.positives.indptr) > 0)[:, None]
        return FittedFactors(
            users.astype(np.float32),
            np.asarray(model.item_factors, np.float32),
            embedding_width=config.dimensions,
            fold=HistoryFold("ridge", config.regularisation, config.alpha),
        )
