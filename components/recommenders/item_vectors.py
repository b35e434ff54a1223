"""Items near what a user liked, by embeddings that the user brings: of audio, images, texts or anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import RecommenderConfig, RecommenderError, Task, TrainingData, check_trainable

TIE_BREAK = 1e-3


class ItemVectorsConfig(RecommenderConfig):
    """There is nothing to set; `train.item_vectors_file` may name the embeddings."""

    kind: Literal["item_vectors"] = "item_vectors"

    def build(self) -> ItemVectors:
        """See `ItemVectors`."""
        return ItemVectors(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()] if task.embedded else []

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()] if task.embedded else []


@dataclass(frozen=True)
class ItemVectors:
    """A user is the mean direction of the items that they liked; cosine, and popularity as a tie-break.

    An item without a vector is scored by popularity alone, and so is everything where there are no vectors at all.
    """

    config: ItemVectorsConfig = field(default_factory=ItemVectorsConfig)

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:  # noqa: ARG002 nothing is drawn
        """Average; `seed` is not used.

        Raises:
            RecommenderError: the vectors are not one per item, or not all finite.
        """
        check_trainable(data)
        items = _directions(data)
        users = _unit(np.asarray(data.positives @ items, np.float32))
        counts = np.asarray(data.positives.sum(axis=0), np.float32).ravel()
        bias = TIE_BREAK * counts / (counts.max() + 1)
        return FittedFactors(
            np.column_stack([users, np.ones(len(users))]).astype(np.float32),
            np.column_stack([items, bias]).astype(np.float32),
            embedding_width=items.shape[1],
        )


def _directions(data: TrainingData) -> NDArray[np.float32]:
    vectors = data.item_vectors
    if vectors is None:
        return np.zeros((len(data.item_ids), 1), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(data.item_ids):
        raise RecommenderError(f"item vectors of shape {vectors.shape} for {len(data.item_ids)} items")
    if not np.isfinite(vectors).all():
        raise RecommenderError("item vectors hold values that are not finite")
    return _unit(vectors.astype(np.float32))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit
