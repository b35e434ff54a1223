"""Two towers learnt with torch: a user is what an encoder makes of the history, an item its id and what it says."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from components.recommenders.events import events_of
from components.recommenders.history import histories_of
from components.recommenders.needs import FLOPS, Needs, Size
from components.recommenders.neural.item_content import item_content
from components.recommenders.protocol import (
    RecommenderConfig,
    RecommenderError,
    Task,
    TrainingData,
    check_trainable,
)
from components.recommenders.sequences import FittedSequences, HistoryEncoder, Tails

NEEDED = ("torch", "onnx", "onnxruntime")


class SequenceModelConfig(RecommenderConfig):
    """How wide and how long the towers learn.

    Attributes:
        user_tower: `transformer` reads the order of a history, `mean` (two towers) takes the mean of what was met.
        item_tower: an item is its id and what labels, texts and embeddings say, so that a new one has a place at once;
            else its id alone.
        length: the latest interactions that are read.
        negatives: items drawn at random for each batch, beside those that stand in it; all where there are no more.
        tokens: places of histories in a batch.
        id_dropout: how often an item must do without its id, so that the rest learns to stand for it.
        max_seconds: training ends by then, with the learning rate at 0; what comes of it depends on the machine. 0
            knows no end but `epochs`.
    """

    kind: Literal["sequence_model"] = "sequence_model"
    user_tower: Literal["transformer", "mean"] = "transformer"
    item_tower: bool = True
    dimensions: int = Field(default=64, ge=1)
    blocks: int = Field(default=2, ge=1)
    heads: int = Field(default=2, ge=1)
    length: int = Field(default=50, ge=1)
    epochs: int = Field(default=30, ge=1)
    learning_rate: float = Field(default=0.002, gt=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    id_dropout: float = Field(default=0.1, ge=0, lt=1)
    negatives: int = Field(default=1024, ge=1)
    tokens: int = Field(default=1024, ge=1)
    max_seconds: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.dimensions % self.heads:
            raise ValueError(f"dimensions {self.dimensions} must be a multiple of heads {self.heads}")
        return self

    def build(self) -> SequenceModel:
        """See `SequenceModel`."""
        return SequenceModel(self)

    @classmethod
    def missing(cls) -> str | None:
        """See `RecommenderConfig`."""
        absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        return f"the extra `neural` is not installed: {', '.join(absent)}" if absent else None

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        width, candidates = self.dimensions, min(size.items, self.negatives + self.tokens)
        of_a_place = 6 * (12 * self.blocks * width**2 + width * candidates)
        of_steps = size.interactions / self.tokens * 30 * width * size.items
        megabytes = 500 + (20 * width * size.items + 40 * self.tokens * candidates) / 1e6
        return Needs(megabytes, self.epochs * (size.interactions * of_a_place + of_steps) / FLOPS)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()] if task.in_order and cls.missing() is None else []


@dataclass(frozen=True)
class SequenceModel:
    """SASRec (Kang and McAuley 2018) with softmax over sampled items, or the mean in place of its encoder.

    Attributes:
        now: seconds, for `config.max_seconds`.
    """

    config: SequenceModelConfig
    now: Callable[[], float] = time.monotonic

    def fit(self, data: TrainingData, seed: int) -> FittedSequences:
        """Train on what was liked next, at every place of every history.

        Raises:
            RecommenderError: also where torch, onnx or onnxruntime is not installed.
        """
        check_trainable(data)
        if missing := self.config.missing():
            raise RecommenderError(f"{self.config.kind}: {missing}; uv pip install 'recops[neural]'")
        from components.recommenders.neural.encoder import draw_weights
        from components.recommenders.neural.onnx_encoder import onnx_encoder
        from components.recommenders.neural.training import TrainingPlan, WhatItems, train_towers
        from components.recommenders.neural.windows import HistoryWindows

        config, events, n_items = self.config, events_of(data), len(data.item_ids)
        content = item_content(data) if config.item_tower else None
        rng = np.random.default_rng(seed)
        width = 0 if content is None else content.shape[1]
        shape = (config.user_tower, config.blocks, config.dimensions, config.length)
        first = draw_weights(*shape, n_items, width, rng)
        met = np.bincount(events.items, minlength=n_items) > 0
        items = WhatItems(content, np.bincount(events.items[events.liked], minlength=n_items), met)
        plan = TrainingPlan(
            config.user_tower,
            config.heads,
            config.epochs,
            config.learning_rate,
            config.dropout,
            config.id_dropout if content is not None else 0.0,
            config.negatives,
            config.tokens,
            config.max_seconds,
        )
        weights = train_towers(first, HistoryWindows(events, config.length), items, plan, seed, self.now)
        vectors = weights["ids"]
        if content is not None:
            vectors = vectors * met[:, None] + content @ weights["content"]
        parts = (weights[name] for name in ("start", "places", "marks", "gaps"))
        encoder = HistoryEncoder(onnx_encoder(weights, config.user_tower, config.heads), *parts)
        tails = Tails.of(histories_of(data), config.length)
        return FittedSequences.of(np.ascontiguousarray(vectors, np.float32), encoder, tails)
