"""EASE: every item predicted from all others by one ridge regression, solved exactly (Steck 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, vstack

from components.recommenders.item_weights import BLOCK_CELLS, FittedItemWeights, check_catalogue, strongest
from components.recommenders.protocol import (
    RecommenderConfig,
    RecommenderError,
    Scores,
    Task,
    TrainingData,
    check_trainable,
)


class EaseConfig(RecommenderConfig):
    """Time is cubic in `max_items`, the most items, or users if there are fewer, that it takes on."""

    kind: Literal["ease"] = "ease"
    regularisation: float = Field(default=300.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)

    def build(self) -> Ease:
        """See `Ease`."""
        return Ease(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(regularisation=value) for value in (300, 100, 200, 400, 800)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(regularisation=value) for value in ((200, 1000) if task.in_order else (100, 400, 1000))]


@dataclass(frozen=True)
class Ease:
    """Keeps the `config.top` strongest weights of each item. Nothing is drawn.

    With X the relevant interactions and P the inverse of X'X + λ, the weights are -P / diag(P) with a zero diagonal.
    Where there are fewer users than items P comes from a matrix of the users' size (Woodbury): P = (1 - X'A⁻¹X) / λ
    with A = XX' + λ. Either way time grows with the cube, and memory with the square, of the smaller of the two.
    """

    config: EaseConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used.

        Raises:
            RecommenderError: the smaller of the numbers of users and items is above `config.max_items`.
        """
        check_trainable(data)
        check_catalogue(self.config.kind, min(data.positives.shape), self.config.max_items)
        weights = ease_weights(data.positives, self.config.regularisation, self.config.top)
        return FittedItemWeights(data.positives.copy(), weights)


def ease_weights(history: csr_array, regularisation: float, top: int) -> csr_array:
    """The `top` strongest weights of each item for what `history` holds, (n_items, n_items).

    Items that nobody met take no part: their rows and columns are empty.
    """
    n_items = history.shape[1]
    met = np.flatnonzero(np.bincount(history.indices, minlength=n_items))
    history = csr_array(history[:, met])
    solve = _rows_through_users if history.shape[0] < len(met) else _rows_through_items
    diagonal, rows_of = solve(history, regularisation)
    blocks = []
    step = max(1, BLOCK_CELLS // len(met))
    for start in range(0, len(met), step):
        stop = min(start + step, len(met))
        rows = rows_of(start, stop)
        rows /= -diagonal
        rows[np.arange(stop - start), np.arange(start, stop)] = 0
        blocks.append(strongest(rows, top))
    among_met = vstack(blocks, format="coo")
    return csr_array((among_met.data, (met[among_met.row], met[among_met.col])), shape=(n_items, n_items))


class _Rows:
    """Rows of the inverse, float32, made when asked for."""

    def __init__(self, left: Scores, right: Scores | None, regularisation: float) -> None:
        self._left, self._right, self._regularisation = left, right, regularisation

    def __call__(self, start: int, stop: int) -> Scores:
        if self._right is None:
            return self._left[start:stop].copy()
        rows = -(self._left[:, start:stop].T @ self._right)
        rows[np.arange(stop - start), np.arange(start, stop)] += 1
        rows /= np.float32(self._regularisation)
        return rows


def _rows_through_items(history: csr_array, regularisation: float) -> tuple[Scores, _Rows]:
    gram = (history.T @ history).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(regularisation)
    inverse = inverse_of_positive(gram)
    return np.diag(inverse).copy(), _Rows(inverse, None, regularisation)


def inverse_of_positive(matrix: Scores) -> Scores:
    """The inverse of a symmetric positive definite float32 matrix, which is overwritten, by Cholesky (spotrf, spotri).

    Half the memory and a third of the time of `np.linalg.inv` in float64, and as exact as what is kept of it: EASE's
    ridge keeps the matrix far from singular.
    """
    from scipy.linalg.lapack import spotrf, spotri

    # A row-major symmetric matrix is its own transpose: its lower triangle is Fortran's upper one, without a copy.
    factor, failed = spotrf(matrix.T, lower=0, overwrite_a=1, clean=0)
    if not failed:
        inverse, failed = spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise RecommenderError("EASE cannot be solved with so little regularisation; raise it")
    rows: Scores = np.ascontiguousarray(inverse.T)
    step = 1024
    for start in range(0, len(rows), step):
        stop = min(start + step, len(rows))
        rows[:start, start:stop] = rows[start:stop, :start].T
        block = np.tril(rows[start:stop, start:stop])
        rows[start:stop, start:stop] = block + np.tril(block, -1).T
    return rows


def _rows_through_users(history: csr_array, regularisation: float) -> tuple[Scores, _Rows]:
    dense = history.toarray().astype(np.float64)
    gram = (history @ history.T).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    right = np.linalg.solve(gram, dense)
    diagonal = (1 - np.einsum("ui,ui->i", dense, right)) / regularisation
    return diagonal.astype(np.float32), _Rows(dense.astype(np.float32), right.astype(np.float32), regularisation)
