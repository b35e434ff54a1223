"""Ridge regression from what a user met lately to what they like soon after, at every step of every history.

The linear session model of Choi et al. (2021): with P the faded past and F the faded future of each step, the weights
are (P'P + λ)⁻¹ P'F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csc_array, csr_array

from components.recommenders.events import events_of, positions, recent
from components.recommenders.item_weights import BLOCK_CELLS, FittedItemWeights, strongest, strongest_of_sparse
from components.recommenders.needs import FLOPS, STEPS, Needs, Size
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

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        width = min(size.items, self.max_items)
        steps = size.interactions * (min(self.past, size.interactions / size.users) + self.future)
        megabytes = (12 * width**2 + 4 * width * size.items + 24 * steps) / 1e6
        return Needs(megabytes, width**2 * (width + 2 * size.items) / FLOPS + 5 * steps / STEPS)

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

    Time grows with the cube, and memory with the square, of the number of items that take part, up to
    `config.max_items`, those met most. What others say is approximated: the pasts that an item stands in with nothing
    else, which leaves of the inverse its diagonal.
    """

    config: NextItemsConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times the past is everything else that a user met."""
        check_trainable(data)
        config, events, n_items = self.config, events_of(data), len(data.item_ids)
        counts = np.bincount(events.items, minlength=n_items)
        known = np.flatnonzero(counts >= min(config.min_interactions, counts.max()))
        place, size = positions(events)
        past = _window(events, place, n_items, range(0, -config.past, -1), config.past_fade, liked=False)
        future = _window(events, size - 1 - place, n_items, range(1, config.future + 1), config.future_fade, liked=True)
        weighted = past.copy()
        weighted.data = weighted.data / np.sqrt(np.repeat(size, np.diff(past.indptr)))
        diagonal = np.bincount(past.indices, weighted.data * past.data, n_items)
        ridge = config.regularisation * max(float(diagonal[known].mean()), 1e-9)
        head = np.sort(known[np.argsort(-counts[known], kind="stable")[: config.max_items]])
        weights = _solved(weighted, past, future[:, known], head, known, ridge, config.top, n_items)
        tail = np.setdiff1d(known, head)
        if len(tail):
            loose = csr_array(csr_array(weighted[:, tail].T) @ future[:, known]).tocoo()
            values = (loose.data / (diagonal[tail][loose.row] + ridge)).astype(np.float32)
            rows, columns = tail[loose.row], known[loose.col]
            others = rows != columns
            cells = (rows[others], columns[others])
            weights = csr_array(weights + csr_array((values[others], cells), shape=(n_items, n_items)))
            weights = strongest_of_sparse(weights, config.top)
        history = recent(events, data.seen.shape, config.past, config.past_fade)
        return FittedItemWeights(history, weights, HistoryReading("recent", config.past, config.past_fade))


def _solved(
    weighted: csr_array,
    past: csr_array,
    future: csr_array,
    head: NDArray[np.int64],
    known: NDArray[np.int64],
    ridge: float,
    top: int,
    n_items: int,
) -> csr_array:
    """The strongest weights that items of `head` give to those of `known`, by one Cholesky, in blocks of the latter."""
    from scipy.linalg import cho_factor, cho_solve

    pasts = csr_array(weighted[:, head])
    gram = (pasts.T @ past[:, head]).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    wanted = csc_array(pasts.T @ future)
    solved = np.empty((len(head), len(known)), np.float32)
    step = max(1, BLOCK_CELLS // (2 * len(head)))
    for start in range(0, len(known), step):
        block = wanted[:, start : start + step].toarray().astype(np.float64)
        solved[:, start : start + step] = cho_solve(factor, block, overwrite_b=True, check_finite=False)
    solved[np.arange(len(head)), np.searchsorted(known, head)] = 0
    kept = strongest(solved, top).tocoo()
    return csr_array((kept.data, (head[kept.row], known[kept.col])), shape=(n_items, n_items))


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
