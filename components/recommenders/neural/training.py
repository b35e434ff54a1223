"""Learns both towers by what came next: softmax over the items of the batch and some drawn at random.

An item stands among the candidates of a batch with a probability that its frequency gives; its score is lowered by the
logarithm of that (log-Q correction), so that the sum estimates the softmax over all items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from components.recommenders.neural.encoder import UserTower, encode
from components.recommenders.neural.windows import Batch, HistoryWindows
from components.recommenders.protocol import Scores

WARM_UP = 0.05
"""Share of the training in which the learning rate rises; it falls to 0 over the rest, as half a cosine."""


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how fast; see `SequenceModelConfig`."""

    tower: UserTower
    heads: int
    epochs: int
    learning_rate: float
    dropout: float
    id_dropout: float
    negatives: int
    tokens: int
    max_seconds: float


@dataclass(frozen=True)
class WhatItems:
    """What is known of items: (n_items, width) rows or None; how often each was liked; which were ever met."""

    content: Scores | None
    liked: NDArray[np.int64]
    met: NDArray[np.bool_]


def train_towers(
    first: Mapping[str, Scores],
    windows: HistoryWindows,
    items: WhatItems,
    plan: TrainingPlan,
    seed: int,
    now: Callable[[], float],
) -> dict[str, Scores]:
    """The weights after training from `first`; `now` is read between batches and ends it after `plan.max_seconds`."""
    # The same sums in the same order, and nothing that waits for threads of a process that this one was forked from.
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in first.items()}
    step = _Step(weights, items, plan, rng, torch.Generator().manual_seed(seed))
    optimizer = torch.optim.Adam(list(weights.values()), lr=plan.learning_rate, betas=(0.9, 0.98))
    for batch, progress in _in_time(windows, plan, rng, now):
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * _pace(progress)
        optimizer.zero_grad(set_to_none=True)
        step.loss(batch).backward()
        optimizer.step()
    return {name: value.detach().numpy().copy() for name, value in weights.items()}


def _in_time(
    windows: HistoryWindows, plan: TrainingPlan, rng: np.random.Generator, now: Callable[[], float]
) -> Iterator[tuple[Batch, float]]:
    """The batches of all epochs, as far as time allows, and which share of the training is over."""
    start = now()
    for epoch in range(plan.epochs):
        batches = list(windows.batches(plan.tokens, rng))
        for place, batch in enumerate(batches):
            progress = (epoch + place / len(batches)) / plan.epochs
            if plan.max_seconds:
                progress = max(progress, (now() - start) / plan.max_seconds)
            if progress >= 1:
                return
            yield batch, progress


def _pace(progress: float) -> float:
    if progress < WARM_UP:
        return (progress + 0.002) / (WARM_UP + 0.002)
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


class _Step:
    """The loss of a batch."""

    def __init__(
        self,
        weights: dict[str, torch.Tensor],
        items: WhatItems,
        plan: TrainingPlan,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> None:
        self._weights, self._plan, self._rng, self._generator = weights, plan, rng, generator
        self._content = None if items.content is None else torch.from_numpy(items.content)
        # Where content gives new items a place, nothing may push them from it.
        self._pool = np.arange(len(items.met)) if items.content is None else np.flatnonzero(items.met)
        self._shares = items.liked / max(int(items.liked.sum()), 1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean over what was asked."""
        weights = self._weights
        tokens = (
            self._vectors(batch.items)
            + functional.embedding(torch.from_numpy(batch.marks), weights["marks"])
            + functional.embedding(torch.from_numpy(batch.gaps), weights["gaps"])
        )
        starts = weights["start"].expand(len(tokens), 1, -1)
        tokens = torch.cat([starts, tokens[:, 1:]], dim=1) + weights["places"][: tokens.shape[1]]
        asked = torch.from_numpy(batch.asked)
        users = encode(weights, tokens, self._plan.tower, self._plan.heads, self._drop)[asked]
        wanted = batch.wanted[batch.asked]
        candidates, log_q = self._candidates(wanted)
        right = torch.from_numpy(np.searchsorted(candidates, wanted))
        scores = users @ self._vectors(candidates).T - log_q
        scores[torch.arange(len(right)), right] += log_q[right]
        return functional.cross_entropy(scores, right)

    def _candidates(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], torch.Tensor]:
        """Item rows, ascending, and the logarithm of the chance that each is among them."""
        pool, drawn = self._pool, self._plan.negatives
        if len(pool) <= drawn:
            return pool, torch.zeros(len(pool))
        found = np.unique(np.concatenate([wanted, self._rng.choice(pool, drawn)]))
        missed = len(wanted) * np.log1p(-np.minimum(self._shares[found], 1 - 1e-9)) + drawn * math.log1p(-1 / len(pool))
        return found, torch.from_numpy(np.log(-np.expm1(missed)).astype(np.float32))

    def _vectors(self, items: NDArray[np.int64]) -> torch.Tensor:
        """The item tower: an id's own embedding, sometimes left out, and what content gives."""
        rows = torch.from_numpy(items)
        own = functional.embedding(rows, self._weights["ids"])
        if self._content is None:
            return own
        kept = torch.rand(own.shape[:-1], generator=self._generator) >= self._plan.id_dropout
        return own * kept[..., None] + functional.embedding(rows, self._content) @ self._weights["content"]

    def _drop(self, state: torch.Tensor) -> torch.Tensor:
        if not self._plan.dropout:
            return state
        kept = torch.rand(state.shape, generator=self._generator) >= self._plan.dropout
        return state * kept / (1 - self._plan.dropout)
