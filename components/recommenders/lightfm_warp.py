"""Trains LightFM with the WARP loss on relevant interactions, over item identities and labels (Kula 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, csr_matrix, eye_array, hstack

from components.recommenders.content import label_matrix
from components.recommenders.factors import FittedFactors
from components.recommenders.needs import STEPS, Needs, Size
from components.recommenders.protocol import RecommenderConfig, RecommenderError, Task, TrainingData, check_trainable

N_MODELS = 3
"""Drawn differently, in the full pipeline of a comparison."""


class LightFMConfig(RecommenderConfig):
    """LightFM's own, but for two.

    Attributes:
        label_weight: of an item's category and tags together, beside the item itself; 0 leaves them out.
        seed_offset: sets several models of one setting apart.
    """

    kind: Literal["lightfm"] = "lightfm"
    dimensions: int = Field(default=64, ge=1)
    epochs: int = Field(default=20, ge=1)
    learning_rate: float = Field(default=0.05, gt=0)
    max_sampled: int = Field(default=50, ge=1)
    item_alpha: float = Field(default=0.0, ge=0)
    user_alpha: float = Field(default=0.0, ge=0)
    label_weight: float = Field(default=0.3, ge=0)
    seed_offset: int = Field(default=0, ge=0)

    def build(self) -> LightFMWarp:
        """See `LightFMWarp`."""
        return LightFMWarp(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        megabytes = 60 * (size.users + size.items) * self.dimensions / 1e6
        return Needs(megabytes, self.epochs * size.interactions * self.dimensions / STEPS)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:  # noqa: ARG002 its memory is that of the data
        """See `RecommenderConfig`; with fewer epochs."""
        share = seconds / self.needs(size).seconds
        return self if share >= 1 else self.model_copy(update={"epochs": max(1, int(self.epochs * share))})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        tried = [
            cls(),
            cls(dimensions=200, epochs=30, learning_rate=0.02, item_alpha=5e-5, label_weight=0),
            cls(dimensions=128, epochs=30, learning_rate=0.03, item_alpha=1e-5),
        ]
        return [config for config in tried if task.described or not config.label_weight]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [best.model_copy(update={"seed_offset": place}) for place in range(N_MODELS)]


@dataclass(frozen=True)
class LightFMWarp:
    """LightFM on one thread, which makes it reproducible; its representations become plain factors."""

    config: LightFMConfig

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Train for `config.epochs` epochs.

        A user without relevant interactions gets no taste, so that the item biases alone rank for them.
        """
        from lightfm import LightFM as Model

        check_trainable(data)
        config = self.config
        model = Model(
            no_components=config.dimensions,
            loss="warp",
            learning_rate=config.learning_rate,
            max_sampled=config.max_sampled,
            item_alpha=config.item_alpha,
            user_alpha=config.user_alpha,
            random_state=np.random.RandomState(seed + config.seed_offset),
        )
        features = csr_matrix(item_features(data, config.label_weight)) if config.label_weight else None
        positives = csr_matrix(data.positives, dtype=np.float32, copy=True).tocoo()
        try:
            # LightFM finds out itself when training diverges; numpy need not warn of it as well.
            with np.errstate(over="ignore", invalid="ignore"):
                model.fit(positives, item_features=features, epochs=config.epochs, num_threads=1)
        except ValueError as error:
            raise RecommenderError(
                f"LightFM cannot learn with these parameters, try a lower learning rate: {error}"
            ) from error
        user_biases, users = model.get_user_representations()
        item_biases, items = model.get_item_representations(features)
        users = users * (np.diff(data.positives.indptr) > 0)[:, None]
        ones = np.ones
        return FittedFactors(
            np.column_stack([users, ones(len(users)), user_biases]).astype(np.float32),
            np.column_stack([items, item_biases, ones(len(items))]).astype(np.float32),
            embedding_width=config.dimensions,
        )


def item_features(data: TrainingData, label_weight: float) -> csr_array:
    """Weights of each item's features, (n_items, n_items + n_labels) float32: itself 1, its labels equal shares.

    The labels of an item weigh `label_weight` together. Scaling every row to sum 1 instead, as LightFM's own data set
    builder does, shrinks the part of items with many labels and costs a fifth of NDCG on MovieLens.
    """
    labels = tuple(sorted({label for row in data.item_labels for label in row}))
    shares = label_matrix(data.item_labels, labels)
    n_labels = np.diff(shares.indptr)
    shares.data[:] = label_weight / np.repeat(n_labels, n_labels)
    itself = eye_array(len(data.item_ids), dtype=np.float32)
    features: csr_array = hstack([itself, shares], format="csr", dtype=np.float32)
    return features
