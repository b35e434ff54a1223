"""The fitted form of item-to-item models: what a user has met, times what each item says about the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.answers_history import Asked
from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.csr_rows import CsrRows
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import RecentHistory, scores_of_rows
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, RecommenderError, Scores
from components.recommenders.reading import LIKED, HistoryReading

BLOCK_CELLS = 1 << 24
"""Cells of a dense block of weights held at once, 64 MB of float32."""


@dataclass(frozen=True)
class FittedItemWeights:
    """The scores of a user are their row of `history` times `weights`.

    Attributes:
        history: what each user has met and how much it counts, float32, (n_users, n_items).
        weights: what having met the item of a row adds to the score of the item of a column, (n_items, n_items).
        reading: how a history becomes such a row.
    """

    history: csr_array
    weights: csr_array
    reading: HistoryReading = LIKED

    form: ClassVar[str] = "item_weights"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return int(self.history.shape[0])

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return int(self.weights.shape[0])

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); zeros for a user without history."""
        return np.asarray((self.history[users] @ self.weights).toarray(), np.float32)

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:  # noqa: ARG002
        """Each new like adds what its item says about the others to the trained scores, (n_items,)."""
        added = scores_of_rows(self.weights, news.liked)
        return added if user is None else self.scores(np.array([user]))[0] + added

    def score_history(self, history: History) -> tuple[NDArray[np.floating], Asked | None]:
        """Scores of every item by what the history's items say of them, and what each said."""
        rows, weights = self.reading.weigh(history)
        if not len(rows):
            return np.zeros(self.n_items), None
        sizes, columns, values = self._rows.laid_out(rows)
        scores = np.asarray(np.bincount(columns, values * np.repeat(weights, sizes), self.n_items), np.float64)
        return scores, Asked(rows, weights, sizes, columns, values)

    def for_histories(self) -> Self:
        """Without the rows of users."""
        return replace(self, history=csr_array(np.empty((0, self.n_items), np.float32)))

    def similar(self, item: int, k: int) -> Ranking:
        """The `k` items that `item` speaks for most, without itself."""
        return top_k_of_scores(self._row(item), k, np.array([item]))

    def _row(self, item: int) -> Scores:
        row: Scores = np.asarray(self.weights[[item]].toarray(), np.float32)[0]
        return row

    @cached_property
    def _rows(self) -> CsrRows:
        return CsrRows.of_matrix(self.weights)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, matrix in (("history", self.history), ("weights", self.weights)):
            arrays[f"{name}_values"] = matrix.data.astype(np.float32)
            arrays[f"{name}_columns"] = matrix.indices.astype(np.int32)
            arrays[f"{name}_offsets"] = matrix.indptr.astype(np.int64)
        write_arrays(folder, {"form": self.form, "n_items": self.n_items, "reading": asdict(self.reading)}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        header = read_header(folder)
        n_items = int(header["n_items"])
        matrices = []
        for name in ("history", "weights"):
            values, columns, offsets = (
                read_array(folder, f"{name}_{part}") for part in ("values", "columns", "offsets")
            )
            narrow = offsets.astype(columns.dtype) if len(columns) <= np.iinfo(columns.dtype).max else offsets
            matrices.append(csr_array((values, columns, narrow), shape=(len(offsets) - 1, n_items)))
        return cls(matrices[0], matrices[1], HistoryReading(**header["reading"]))


def check_catalogue(kind: str, n_items: int, max_items: int) -> None:
    """Refuse a catalogue that is too large for a model whose cost grows faster than the number of items.

    Raises:
        RecommenderError: there are more than `max_items` items.
    """
    if n_items > max_items:
        raise RecommenderError(
            f"{kind} is not made for {n_items:,} items: its max_items is {max_items:,}. "
            f"Raise it in params.yaml if memory allows, or leave {kind} out"
        )


def strongest(rows: NDArray[np.floating], top: int) -> csr_array:
    """The `top` weights of each row farthest from zero, as float32 without zeros."""
    n_rows, n_columns = rows.shape
    if top < n_columns:
        order = np.argpartition(np.abs(rows), n_columns - top, axis=1)[:, n_columns - top :]
        columns = np.sort(order, axis=1)
    else:
        columns = np.broadcast_to(np.arange(n_columns), rows.shape)
    values = np.take_along_axis(rows, columns, axis=1).astype(np.float32)
    offsets = np.arange(0, values.size + 1, values.shape[1])
    kept = csr_array((values.ravel(), columns.ravel().astype(np.int32), offsets), shape=(n_rows, n_columns))
    kept.eliminate_zeros()
    return kept


def strongest_of_sparse(matrix: csr_array, top: int) -> csr_array:
    """`strongest` of a sparse matrix, in time and memory of what it holds, not of its shape."""
    matrix.sum_duplicates()
    sizes = np.diff(matrix.indptr)
    kept = np.ones(matrix.nnz, np.bool_)
    for row in np.flatnonzero(sizes > top).tolist():
        start, stop = matrix.indptr[row], matrix.indptr[row + 1]
        weakest = np.argpartition(np.abs(matrix.data[start:stop]), stop - start - top)[: stop - start - top]
        kept[start + weakest] = False
    if kept.all():
        return matrix
    offsets = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    few = csr_array((matrix.data[kept].astype(np.float32), matrix.indices[kept], offsets), shape=matrix.shape)
    few.eliminate_zeros()
    return few
