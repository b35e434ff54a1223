"""Item-to-item weights that Spark has counted are those of the local recommender, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.adapters.spark.cells import cells_of, matrix_of
from components.adapters.spark.item_to_item import SparkItemToItem, weights_of
from components.recommenders.item_to_item import ItemToItem, ItemToItemConfig
from components.recommenders.protocol import TrainingData


def drawn(n_users: int = 300, n_items: int = 60) -> csr_array:
    """Few items take most, so that many pairs have equal weights."""
    rng = np.random.default_rng(5)
    chance = 0.6 / (1 + np.arange(n_items))
    return csr_array((rng.random((n_users, n_items)) < chance).astype(np.float32))


def data_of(met: csr_array) -> TrainingData:
    users, items = (tuple(map(str, range(n))) for n in met.shape)
    return TrainingData(users, items, met, met, ((),) * len(items))


@pytest.mark.parametrize("config", [ItemToItemConfig(top=7), ItemToItemConfig(similarity="lift", shrink=3, top=200)])
def test_weights_and_lists_are_those_of_the_local_recommender(spark: Any, config: ItemToItemConfig) -> None:
    met = drawn()
    data = data_of(met)
    local, found = ItemToItem(config).fit(data, 0), SparkItemToItem(config, spark).fit(data, 0)
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found.weights, part), getattr(local.weights, part))
    for user in range(met.shape[0]):
        seen = met.indices[met.indptr[user] : met.indptr[user + 1]]
        assert found.top_k(user, 10, seen).items.tolist() == local.top_k(user, 10, seen).items.tolist()


@pytest.mark.parametrize("chunk_rows", [1, 100, 1_000_000])
def test_neither_blocks_nor_chunks_change_a_weight(spark: Any, chunk_rows: int) -> None:
    met, config = drawn(), ItemToItemConfig(top=7)
    expected = ItemToItem(config).fit(data_of(met), 0).weights
    found = weights_of(cells_of(spark, met).repartition(3), *met.shape, config, 60 * 7, chunk_rows)
    assert (found != expected).nnz == 0


def test_cells_come_back_as_they_were(spark: Any) -> None:
    met = drawn()
    assert (matrix_of(cells_of(spark, met), met.shape) != met).nnz == 0
