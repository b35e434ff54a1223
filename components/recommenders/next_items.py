"""Ridge regression from what a user met lately to what they like soon after, at every step of every history.

The linear session model of Choi et al. (2021): with P the faded past and F the faded future of each step, the weights
are (P'P + λ)⁻¹ P'F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.events import events_of, positions, recent
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest
from components.recommenders.protocol import Events, RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.reading import HistoryReading


class NextItemsConfig(RecommenderConfig):
    """How far the past and the future of a step reach, and how fast they fade."""

    kind: Literal["next_items"] = "next_items"
    past: int = Field(default=50, ge=1)
    past_fade: float = Field(default=15.0, gt=0)
    future: int = Field(default=30, ge=1)
    future_fade: float = Field(default=10.0, gt=0)
    regularisation: float = Field(default=3.0, gt=0)
    min_interactions: int = Field(default=4, ge=1)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=10_000, ge=1)

    def build(self) -> NextItems:
        """See `NextItems`."""
        return NextItems(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(regularisation=value) for value in (3, 1, 10)] if task.in_order else []

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(), cls(past=30, past_fade=5, future=20, future_fade=5)] if task.in_order else []


@dataclass(frozen=True)
class NextItems:
    """Items with fewer than `config.min_interactions` take no part; long histories weigh less per step.

    Time grows with the cube, and memory with the square, of the number of items that take part.
    """

    config: NextItemsConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times the past is everything else that a user met.

        Raises:
            RecommenderError: more than `config.max_items` items take part.
        """
        check_trainable(data)
        config, events, n_items = self.config, events_of(data), len(data.item_ids)
        counts = np.bincount(events.items, minlength=n_items)
        known = np.flatnonzero(counts >= min(config.min_interactions, counts.max()))
        check_catalogue(self.config.kind, len(known), config.max_items)
        place, size = positions(events)
        past = _window(events, place, n_items, range(0, -config.past, -1), config.past_fade, liked=False)[:, known]
        future = _window(events, size - 1 - place, n_items, range(1, config.future + 1), config.future_fade, liked=True)
        weighted = past.copy()
        weighted.data = weighted.data / np.sqrt(np.repeat(size, np.diff(past.indptr)))
        gram = (weighted.T @ past).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += config.regularisation * max(float(np.diag(gram).mean()), 1e-9)
        solved = np.linalg.solve(gram, (weighted.T @ future[:, known]).toarray().astype(np.float64))
        np.fill_diagonal(solved, 0)
        kept = strongest(solved, config.top).tocoo()
        weights = csr_array((kept.data, (known[kept.row], known[kept.col])), shape=(n_items, n_items))
        history = recent(events, data.seen.shape, config.past, config.past_fade)
        return FittedItemWeights(history, weights, HistoryReading("recent", config.past, config.past_fade))


def _window(events: Events, room: np.ndarray, n_items: int, steps: range, fade: float, *, liked: bool) -> csr_array:
    """Per event the items `steps` places away, fading; `room` is how many places of the user lie in that direction."""
    rows, columns, values = [], [], []
    for step in steps:
        at = np.flatnonzero(room >= abs(step))
        there = at + step
        if liked:
            at, there = at[events.liked[there]], there[events.liked[there]]
        rows.append(at)
        columns.append(events.items[there])
        values.append(np.full(len(at), np.exp(-abs(step) / fade), np.float32))
    cells = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_array((np.concatenate(values), cells), shape=(len(events), n_items))
    matrix.sum_duplicates()
    return matrix
