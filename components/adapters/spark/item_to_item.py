"""Counts which items the same users meet, a block of items at a time, and weighs them as the local recommender does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.adapters.spark.cells import cells_of
from components.recommenders.item_to_item import ItemToItemConfig, weigh_together
from components.recommenders.item_weights import FittedItemWeights, check_catalogue
from components.recommenders.protocol import TrainingData, check_trainable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BLOCK_CELLS = 1 << 23
"""Pairs of an item of a block and any item, whose counts a worker may hold at once: 64 MB of them and their columns."""
CHUNK_ROWS = 1_000_000
"""Of users' histories that a worker multiplies at once."""
WEIGHTS = "item int, other int, weight float"


@dataclass(frozen=True)
class SparkItemToItem:
    """`components.recommenders.item_to_item.ItemToItem`, counted by Spark: the same weights, ties decided alike."""

    config: ItemToItemConfig
    spark: SparkSession

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. See `ItemToItem`."""
        check_trainable(data)
        check_catalogue(self.config.kind, len(data.item_ids), self.config.max_items)
        n_users, n_items = data.positives.shape
        weights = weights_of(cells_of(self.spark, data.positives), n_users, n_items, self.config)
        return FittedItemWeights(data.positives.copy(), weights)


def weights_of(
    liked: DataFrame,
    n_users: int,
    n_items: int,
    config: ItemToItemConfig,
    block_cells: int = BLOCK_CELLS,
    chunk_rows: int = CHUNK_ROWS,
) -> csr_array:
    """What each item says about the others, (n_items, n_items), brought here; `liked` has distinct user and item rows.

    A history goes to every block that it has an item of, so that no pair leaves the worker that counts it. Then a
    worker holds the counts of one block and the histories of a chunk of users, however many users there are.
    """
    from pyspark.sql import functions as f

    width = max(block_cells // n_items, 1)
    counted = liked.groupBy("item").count().toPandas()
    counts = np.zeros(n_items, np.float64)
    counts[counted["item"]] = counted["count"]
    touched = liked.select("user", f.floor(f.col("item") / width).cast("int").alias("block")).distinct()
    laid_out = touched.join(liked, "user").repartition("block").sortWithinPartitions("block", "user", "item")
    shape, whole = (width, n_items), liked.sparkSession.sparkContext.broadcast(counts)

    def weigh(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for block, both in _counts_by_block(frames, shape, chunk_rows):
            first = block * width
            found = weigh_together(both, first, whole.value, n_users, config).tocoo()
            yield pd.DataFrame({"item": found.row + first, "other": found.col, "weight": found.data})

    found = laid_out.select("block", "user", "item").mapInPandas(weigh, WEIGHTS).toPandas()
    weights = csr_array((found["weight"], (found["item"], found["other"])), shape=(n_items, n_items), dtype=np.float32)
    weights.sum_duplicates()
    return weights


def _counts_by_block(
    frames: Iterator[pd.DataFrame], shape: tuple[int, int], chunk_rows: int
) -> Iterator[tuple[int, csr_array]]:
    """Each block with how many users have met an item of it (row) and another one (column)."""
    block = -1
    total: Any = csr_array(shape, dtype=np.float32)
    for blocks, users, items in _whole_histories(frames, chunk_rows):
        for here in np.unique(blocks).tolist():
            part = slice(*np.searchsorted(blocks, [here, here + 1]))
            if here != block:
                if block >= 0:
                    yield block, total
                block, total = here, csr_array(shape, dtype=np.float32)
            total = csr_array(total + _together(users[part], items[part], here * shape[0], shape))
    if block >= 0:
        yield block, total


def _together(users: NDArray[np.int32], items: NDArray[np.int32], first: int, shape: tuple[int, int]) -> csr_array:
    rows = np.cumsum(np.r_[False, users[1:] != users[:-1]])
    met = csr_array((np.ones(len(items), np.float32), (rows, items)), shape=(int(rows[-1]) + 1, shape[1]))
    own = (items >= first) & (items < first + shape[0])
    in_block = (items[own] - first, rows[own])
    return csr_array(csr_array((np.ones(own.sum(), np.float32), in_block), shape=(shape[0], met.shape[0])) @ met)


def _whole_histories(frames: Iterator[pd.DataFrame], chunk_rows: int) -> Iterator[tuple[NDArray[np.int32], ...]]:
    """Rows in chunks that cut no history: what a block has of a user stays together."""
    held: list[NDArray[np.int32]] = []
    for frame in frames:
        held.append(frame[["block", "user", "item"]].to_numpy(np.int32).T)
        if sum(part.shape[1] for part in held) >= chunk_rows:
            whole = np.concatenate(held, axis=1)
            new = (whole[:2, 1:] != whole[:2, :-1]).any(axis=0)
            cut = int(np.flatnonzero(new)[-1]) + 1 if new.any() else 0
            held = [whole[:, cut:]]
            if cut:
                yield tuple(whole[:, :cut])
    if held:
        yield tuple(np.concatenate(held, axis=1))
