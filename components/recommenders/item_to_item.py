"""Items that the same users meet: cosine of co-occurrence, or lift, "bought together" against chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from components.config.params import ItemToItem as ItemToItemParams
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest_of_sparse
from components.recommenders.protocol import TrainingData, check_trainable


@dataclass(frozen=True)
class ItemToItem:
    """With c users of both items and a, b users of each: cosine c / (√(ab) + shrink), lift c / (ab / n + shrink).

    `shrink` keeps pairs that few users have met from coming first.
    """

    params: ItemToItemParams

    name: ClassVar[str] = "item_to_item"

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Memory grows with the number of pairs that some user has met.

        Raises:
            RecommenderError: the catalogue has more than `params.max_items` items.
        """
        check_trainable(data)
        check_catalogue(self.name, len(data.item_ids), self.params.max_items)
        return FittedItemWeights(data.positives.copy(), together(data.positives, self.params))


def together(history: csr_array, params: ItemToItemParams) -> csr_array:
    """The `params.top` items met most with each, (n_items, n_items)."""
    counts = np.asarray(history.sum(axis=0), np.float64).ravel()
    both = csr_array(history.T @ history).tocoo()
    others = both.row != both.col
    row, column, shared = both.row[others], both.col[others], both.data[others].astype(np.float64)
    if params.similarity == "lift":
        expected = counts[row] * counts[column] / history.shape[0]
    else:
        expected = np.sqrt(counts[row] * counts[column])
    values = (shared / (expected + params.shrink)).astype(np.float32)
    return strongest_of_sparse(csr_array((values, (row, column)), shape=both.shape), params.top)
