"""EASE: every item predicted from all others by one ridge regression, solved exactly (Steck 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csc_array, csr_array, vstack

from components.recommenders.item_weights import BLOCK_CELLS, FittedItemWeights, strongest, strongest_of_sparse
from components.recommenders.met_together import met_together
from components.recommenders.needs import FLOPS, Needs, Size, block_counts, dense_inverse, fewer_items
from components.recommenders.protocol import (
    RecommenderConfig,
    RecommenderError,
    Scores,
    Task,
    TrainingData,
    check_trainable,
)

MOST_CELLS = 500_000_000
"""Of a dense float32 matrix, 2 GB: more are never asked for."""


class EaseConfig(RecommenderConfig):
    """Time is cubic in `max_items`, the most items, or users if there are fewer, that are solved for exactly."""

    kind: Literal["ease"] = "ease"
    regularisation: float = Field(default=300.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)

    def build(self) -> Ease:
        """See `Ease`."""
        return Ease(self)

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
    Beyond `config.max_items` of both the items met most are solved for so, and what others have to do with any item is
    approximated (`ease_weights`).
    """

    config: EaseConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used."""
        check_trainable(data)
        weights = ease_weights(data.positives, self.config.regularisation, self.config.top, self.config.max_items)
        return FittedItemWeights(data.positives.copy(), weights)


def ease_needs(users: int, items: int, pairs: float, max_items: int) -> Needs:
    """Of `ease_weights` for so many, `pairs` being those of items of one user."""
    if _through_users(users, items, max_items):
        return Needs((2.3 * users**2 + 2 * users * items) * 4 / 1e6, users**3 / FLOPS + users**2 * items / FLOPS)
    dense, counts = dense_inverse(min(items, max_items)), block_counts(pairs)
    return Needs(dense.megabytes + counts.megabytes, dense.seconds + counts.seconds)


def _through_users(users: int, items: int, max_items: int) -> bool:
    return users < items and users <= max_items and users * items <= MOST_CELLS


def ease_weights(
    history: csr_array, regularisation: float, top: int, max_items: int = 20_000, scaled: bool = True
) -> csr_array:
    """The `top` strongest weights of each item for what `history` holds, (n_items, n_items).

    With `scaled` -P / diag(P), EASE's; else -λP, those of a ridge regression, in which what few met weighs less.

    Items that nobody met take no part: their rows and columns are empty. With more than `max_items` users and items
    the `max_items` items met most are solved for among themselves. A pair with another item gets the first term of the
    series of the inverse, its count over the other's own count and λ: exact as λ grows, and near it where few users
    met an item, which is what makes it one of the others.
    """
    n_items = history.shape[1]
    counts = np.bincount(history.indices, minlength=n_items)
    met = np.flatnonzero(counts)
    if _through_users(history.shape[0], len(met), max_items) or len(met) <= max_items:
        return _placed(_exact(csr_array(history[:, met]), regularisation, top, max_items, scaled), met, n_items)
    head = np.sort(met[np.argsort(-counts[met], kind="stable")[:max_items]])
    solved = _placed(_exact(csr_array(history[:, head]), regularisation, top, max_items, scaled), head, n_items)
    squares = np.bincount(history.indices, history.data.astype(np.float64) ** 2, n_items).astype(np.float32)
    in_head = np.zeros(n_items, np.bool_)
    in_head[head] = True
    blocks = []
    for start, both in met_together(history):
        rows, columns = np.repeat(np.arange(start, start + both.shape[0]), np.diff(both.indptr)), both.indices
        values = (both.data / (squares[rows] + np.float32(regularisation))).astype(np.float32)
        if not scaled:
            values *= np.float32(regularisation) / (squares[columns] + np.float32(regularisation))
        values[(rows == columns) | (in_head[rows] & in_head[columns])] = 0
        loose = csr_array((values, columns, both.indptr), shape=both.shape)
        loose.eliminate_zeros()
        blocks.append(strongest_of_sparse(csr_array(solved[start : start + both.shape[0]] + loose), top))
    return csr_array(vstack(blocks, format="csr"))


def _placed(weights: csr_array, rows: NDArray[np.int64], n_items: int) -> csr_array:
    """Weights among some items as those of all."""
    found = weights.tocoo()
    return csr_array((found.data, (rows[found.row], rows[found.col])), shape=(n_items, n_items))


def _exact(history: csr_array, regularisation: float, top: int, max_items: int, scaled: bool) -> csr_array:
    """The strongest weights of items that all were met."""
    n_items = history.shape[1]
    through_users = _through_users(history.shape[0], n_items, max_items)
    diagonal, rows_of = (_rows_through_users if through_users else _rows_through_items)(history, regularisation)
    blocks = []
    step = max(1, BLOCK_CELLS // n_items)
    for start in range(0, n_items, step):
        stop = min(start + step, n_items)
        rows = rows_of(start, stop)
        rows *= -1 / diagonal if scaled else np.float32(-regularisation)
        rows[np.arange(stop - start), np.arange(start, stop)] = 0
        blocks.append(strongest(rows, top))
    return csr_array(vstack(blocks, format="csr"))


class _Rows:
    """Rows of the inverse, float32, made when asked for."""

    def __init__(self, left: Any, right: Scores | None, regularisation: float) -> None:
        self._left, self._right, self._regularisation = left, right, regularisation

    def __call__(self, start: int, stop: int) -> Scores:
        if self._right is None:
            rows: Scores = self._left[start:stop].copy()
            return rows
        rows = -np.asarray(self._left[:, start:stop].T @ self._right, np.float32)
        rows[np.arange(stop - start), np.arange(start, stop)] += 1
        rows /= np.float32(self._regularisation)
        return rows


def _rows_through_items(history: csr_array, regularisation: float) -> tuple[Scores, _Rows]:
    gram = np.empty((history.shape[1], history.shape[1]), np.float32)
    for start, both in met_together(history):
        gram[start : start + both.shape[0]] = both.toarray()
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
    """The dense part is A⁻¹X alone, (n_users, n_items); X stays sparse."""
    from scipy.linalg import cho_factor, cho_solve

    gram = (history @ history.T).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    right = np.empty(history.shape, np.float32)
    step = max(1, BLOCK_CELLS // (2 * history.shape[0]))
    for start in range(0, history.shape[1], step):
        block = history[:, start : start + step].toarray().astype(np.float64)
        right[:, start : start + step] = cho_solve(factor, block, overwrite_b=True, check_finite=False)
    found = history.tocoo()
    explained = np.bincount(found.col, found.data * right[found.row, found.col], history.shape[1])
    diagonal = ((1 - explained) / regularisation).astype(np.float32)
    return diagonal, _Rows(csc_array(history), right, regularisation)
