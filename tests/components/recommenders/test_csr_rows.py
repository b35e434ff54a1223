"""Rows laid out one behind another are those of the matrix, in the order asked, again where they are asked twice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.csr_rows import CsrRows


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("values", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [[], [1], [3, 0, 0, 1], [2, 2, 3]])
def test_rows_come_in_the_order_asked(rows: list[int], values: type, index: type) -> None:
    dense = np.array([[0, 1, 0, 2], [0, 0, 0, 0], [3, 4, 5, 6], [0, 0, 7, 0]], values)
    matrix = csr_array(dense)
    matrix = csr_array((matrix.data, matrix.indices.astype(index), matrix.indptr.astype(index)), shape=dense.shape)
    sizes, columns, found = CsrRows.of_matrix(matrix).laid_out(np.array(rows, np.int32))
    assert sizes.tolist() == [int((dense[row] != 0).sum()) for row in rows]
    assert columns.tolist() == [column for row in rows for column in np.flatnonzero(dense[row]).tolist()]
    assert found.tolist() == [value for row in rows for value in dense[row][dense[row] != 0].tolist()]
    assert found.dtype == values


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        CsrRows.of_matrix(csr_array(np.eye(3, dtype=np.float32))).laid_out(np.array([3]))
