"""Lays some rows of a sparse matrix one behind another: what an answer from item-to-item weights begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import _sparsetools, csr_array

Index = NDArray[np.int32 | np.int64]
WIDEST = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class CsrRows:
    """A matrix as its rows: `columns` and `values` of row i lie from `offsets[i]` to `offsets[i + 1]`.

    Both offsets and columns are int32 where they fit. Asking goes straight to the routine behind `matrix[rows]`, as
    what SciPy checks around it takes three times as long as the answer.
    """

    offsets: Index
    columns: Index
    values: NDArray[Any]

    @classmethod
    def of_matrix(cls, matrix: csr_array) -> Self:
        """Shares the arrays of `matrix` where they have these types already."""
        narrow = max(int(matrix.indptr[-1]), matrix.shape[1]) <= WIDEST
        index: type[np.int32 | np.int64] = np.int32 if narrow else np.int64
        return cls(
            np.ascontiguousarray(matrix.indptr, index),
            np.ascontiguousarray(matrix.indices, index),
            np.ascontiguousarray(matrix.data),
        )

    def laid_out(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[Any]]:
        """How many entries each of `rows` has, and the columns and values of them all, row by row in that order.

        The columns are wide, as NumPy looks up and counts by narrow ones only after widening them.
        """
        own: Index = np.ascontiguousarray(rows, self.offsets.dtype)
        sizes = self.offsets[own + 1] - self.offsets[own]  # an IndexError is the only check of rows
        n = int(sizes.sum())
        columns, values = np.empty(n, self.columns.dtype), np.empty(n, self.values.dtype)
        _sparsetools.csr_row_index(len(own), own, self.offsets, self.columns, self.values, columns, values)
        return sizes.astype(np.int64, copy=False), columns.astype(np.intp, copy=False), values
