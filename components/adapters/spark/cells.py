"""Sparse matrices as frames of Spark with a row a cell, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CELLS = "user int, item int"


def cells_of(spark: SparkSession, matrix: csr_array) -> DataFrame:
    """`user` and `item` of every entry, in the order of rows and columns."""
    ordered = matrix.sorted_indices()
    users = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
    frame = pd.DataFrame({"user": users, "item": ordered.indices.astype(np.int32)})
    return spark.createDataFrame(frame, CELLS)


def matrix_of(cells: DataFrame, shape: tuple[int, int]) -> csr_array:
    """Float32 ones where `cells` has a row, brought here."""
    frame = cells.toPandas()
    ones = np.ones(len(frame), np.float32)
    matrix = csr_array((ones, (frame["user"].to_numpy(), frame["item"].to_numpy())), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
