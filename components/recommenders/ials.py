"""Matrix factorisation of implicit feedback by alternating least squares (Hu, Koren and Volinsky 2008)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from components.config.params import Ials as IalsParams
from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import TrainingData, check_trainable


@dataclass(frozen=True)
class Ials:
    """implicit's solver on one thread; its factors are all that serving needs.

    Memory is that of the factors, (n_users + n_items) × dimensions float32.
    """

    params: IalsParams

    name: ClassVar[str] = "ials"

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Train for `params.iterations` rounds; a user without relevant interactions gets zeros."""
        from implicit.cpu.als import AlternatingLeastSquares

        check_trainable(data)
        params, rng = self.params, np.random.default_rng(seed)
        with warnings.catch_warnings():
            # That BLAS has threads of its own slows implicit down only where implicit has several as well.
            warnings.simplefilter("ignore", RuntimeWarning)
            model = AlternatingLeastSquares(
                factors=params.dimensions,
                regularization=params.regularisation,
                alpha=params.alpha,
                iterations=params.iterations,
                num_threads=1,
                random_state=seed,
            )
        n_users, n_items = data.positives.shape
        # implicit draws from [0, 1) itself; factors of both signs converge to the better solution on small data.
        model.user_factors = rng.normal(0, 0.01, (n_users, params.dimensions)).astype(np.float32)
        model.item_factors = rng.normal(0, 0.01, (n_items, params.dimensions)).astype(np.float32)
        model.fit(csr_matrix(data.positives, dtype=np.float32, copy=True), show_progress=False)
        users = model.user_factors * (np.diff(data.positives.indptr) > 0)[:, None]
        return FittedFactors(
            users.astype(np.float32), np.asarray(model.item_factors, np.float32), embedding_width=params.dimensions
        )
