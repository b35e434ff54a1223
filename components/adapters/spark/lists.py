"""Scores every item for each of many users, wherever they are, by the ordinary model, and keeps the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from components.recommenders.factors import FittedFactors
from components.recommenders.item_weights import FittedItemWeights
from components.retrieval.top_k_all import top_k_of_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Model = FittedItemWeights | FittedFactors
BATCH_USERS = 256
LISTS = "user int, rank int, item int, score float"


def histories_of(seen: DataFrame, liked: DataFrame) -> DataFrame:
    """A row for each user of `seen`: `user`, `barred` and `liked` item rows, ascending."""
    from pyspark.sql import functions as f

    barred = seen.groupBy("user").agg(f.sort_array(f.collect_set("item")).alias("barred"))
    likes = liked.groupBy("user").agg(f.sort_array(f.collect_set("item")).alias("liked"))
    nothing = f.array().cast("array<int>")
    return barred.join(likes, "user", "left").withColumn("liked", f.coalesce("liked", nothing))


def best_of(histories: DataFrame, model: Model, k: int) -> DataFrame:
    """`user`, `rank` from 1, `item` and `score` of the best `k` without what is barred; `model` has all user rows.

    Workers get the items' side of the model; of users, item weights need the history alone, and factors their row.
    """
    spark = histories.sparkSession
    if isinstance(model, FittedFactors):
        from pyspark.sql.types import ArrayType, FloatType, IntegerType, StructField, StructType

        table = pa.table(
            {
                "user": np.arange(model.n_users, dtype=np.int32),
                "factors": pa.FixedSizeListArray.from_arrays(model.user_factors.ravel(), model.n_columns).cast(
                    pa.list_(pa.float32())
                ),
            }
        )
        schema = StructType([StructField("user", IntegerType()), StructField("factors", ArrayType(FloatType()))])
        histories = histories.join(spark.createDataFrame(table, schema), "user")
    shared = spark.sparkContext.broadcast(model.for_histories())

    def rank(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_USERS):
                yield _ranked(batch.slice(start, BATCH_USERS), shared.value, k)

    return histories.mapInArrow(rank, LISTS)


def _ranked(batch: pa.RecordBatch, items: Model, k: int) -> pa.RecordBatch:
    n, n_items = batch.num_rows, items.n_items
    if isinstance(items, FittedFactors):
        own = batch.column("factors").flatten().to_numpy(zero_copy_only=False).reshape(n, items.n_columns)
        here: Model = replace(items, user_factors=np.ascontiguousarray(own, np.float32))
    else:
        here = replace(items, history=_matrix(batch.column("liked"), n_items))
    found, scores = top_k_of_rows(here.scores(np.arange(n)), k, _matrix(batch.column("barred"), n_items))
    listed = found >= 0
    ranks = np.broadcast_to(np.arange(1, found.shape[1] + 1, dtype=np.int32), found.shape)
    users = np.broadcast_to(batch.column("user").to_numpy(zero_copy_only=False)[:, None], found.shape)
    columns = (users, ranks, found, scores)
    kinds = (np.int32, np.int32, np.int32, np.float32)
    arrays = [pa.array(column[listed].astype(kind)) for column, kind in zip(columns, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, ["user", "rank", "item", "score"])


def _matrix(lists: pa.ListArray, n_items: int) -> csr_array:
    """Float32 ones at the items of each list."""
    sizes = lists.value_lengths().to_numpy(zero_copy_only=False)
    items = lists.flatten().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return csr_array((np.ones(len(items), np.float32), items.astype(np.int32), offsets), shape=(len(lists), n_items))
