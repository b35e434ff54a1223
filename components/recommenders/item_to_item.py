"""Items that the same users meet: cosine of co-occurrence, or lift, "bought together" against chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, vstack

from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest_of_sparse
from components.recommenders.met_together import met_together
from components.recommenders.needs import Needs, Size, block_counts
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable


class ItemToItemConfig(RecommenderConfig):
    """Which pairs of items count, and for how many items at most."""

    kind: Literal["item_to_item"] = "item_to_item"
    similarity: Literal["cosine", "lift"] = "cosine"
    shrink: float = Field(default=10.0, ge=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=200_000, ge=1)

    def build(self) -> ItemToItem:
        """See `ItemToItem`."""
        return ItemToItem(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return block_counts(size.item_pairs)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        cosines = [cls(similarity="cosine", shrink=shrink) for shrink in (10, 30)]
        return [*cosines, *(cls(similarity="lift", shrink=shrink) for shrink in (3, 10))]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(), cls(similarity="lift", shrink=3)]


@dataclass(frozen=True)
class ItemToItem:
    """With c users of both items and a, b users of each: cosine c / (√(ab) + shrink), lift c / (ab / n + shrink).

    `shrink` keeps pairs that few users have met from coming first.
    """

    config: ItemToItemConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Time grows with the number of pairs that some user has met.

        Raises:
            RecommenderError: the catalogue has more than `config.max_items` items.
        """
        check_trainable(data)
        check_catalogue(self.config.kind, len(data.item_ids), self.config.max_items)
        return FittedItemWeights(data.positives.copy(), together(data.positives, self.config))


def together(history: csr_array, config: ItemToItemConfig) -> csr_array:
    """The `config.top` items met most with each, (n_items, n_items); in blocks of items, so that few pairs are held."""
    counts = np.asarray(history.sum(axis=0), np.float64).ravel()
    blocks = [weigh_together(both, first, counts, history.shape[0], config) for first, both in met_together(history)]
    return csr_array(vstack(blocks, format="csr"))


def weigh_together(
    both: csr_array, first: int, counts: NDArray[np.float64], n_users: int, config: ItemToItemConfig
) -> csr_array:
    """`together` for the items of some rows, of which `first` is the first.

    Args:
        both: users of the item of a row and that of a column, (n_rows, n_items).
        counts: users of each item, (n_items,).
    """
    rows, columns = np.repeat(np.arange(first, first + both.shape[0]), np.diff(both.indptr)), both.indices
    product = counts[rows] * counts[columns]
    expected = product / n_users if config.similarity == "lift" else np.sqrt(product)
    values = (both.data / (expected + config.shrink)).astype(np.float32)
    values[rows == columns] = 0
    found = csr_array((values, columns, both.indptr), shape=both.shape)
    found.eliminate_zeros()
    return strongest_of_sparse(found, config.top)
