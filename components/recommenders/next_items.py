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
from scipy.sparse import csr_array, diags_array, vstack

from components.recommenders.ease import inverse_of_positive
from components.recommenders.events import events_of, positions, recent
from components.recommenders.item_weights import BLOCK_CELLS, FittedItemWeights, strongest, strongest_of_sparse
from components.recommenders.needs import Needs, Size, dense_inverse, fewer_items, fewer_places, pair_counts
from components.recommenders.pairs_apart import Places, sum_pairs
from components.recommenders.protocol import Events, RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.reading import HistoryReading

DENSE_SHARE = 0.02
"""Of cells that are not empty, from which on a dense product is the faster one."""


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
        inverse, pairs = dense_inverse(min(size.items, self.max_items)), pair_counts(size, self.past + self.future)
        return Needs(inverse.megabytes + pairs.megabytes, 2 * (inverse.seconds + pairs.seconds))

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:
        """See `RecommenderConfig`; solved for fewer items, and where pairs alone are too many, of nearer ones."""
        max_items = fewer_items(self.needs(size), size, self.max_items, seconds, megabytes)
        smaller = self.model_copy(update={"max_items": max_items})
        if smaller.needs(size).megabytes <= megabytes:
            return smaller
        reach = self.past + self.future
        share = fewer_places(size, reach, seconds, megabytes / 2) / reach
        nearer = {name: max(1, int(share * getattr(self, name))) for name in ("past", "future")}
        return smaller.model_copy(update=nearer)

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

    What P'P and P'F sum over the steps of a history depends on how far two of its interactions are apart, and how far
    from its end, alone: so pairs are summed, each once, and no step. Time grows with their number and with the cube,
    memory with the square, of the number of items that take part, up to `config.max_items`, those met most. What
    others say is approximated: the pasts that an item stands in with nothing else, which leaves of the inverse its
    diagonal.
    """

    config: NextItemsConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times the past is everything else that a user met."""
        check_trainable(data)
        config, events, n_items = self.config, events_of(data), len(data.item_ids)
        counts = np.bincount(events.items, minlength=n_items)
        known = np.flatnonzero(counts >= min(config.min_interactions, counts.max()))
        head = np.sort(known[np.argsort(-counts[known], kind="stable")[: config.max_items]])
        tail = np.setdiff1d(known, head)
        pasts = _pasts(events, n_items, config)
        diagonal = pasts.diagonal()
        gram = csr_array(pasts[head])[:, head].toarray()
        del pasts
        ridge = np.float32(config.regularisation * max(float(diagonal[known].mean()), 1e-9))
        followed = csr_array(_followed(events, n_items, config)[:, known])
        weights = _solved(gram, ridge, csr_array(followed[head]), np.searchsorted(known, head), config.top)
        weights = _placed(weights, head, known, n_items)
        if len(tail):
            loose = csr_array(followed[tail])
            loose.data /= np.repeat(diagonal[tail] + ridge, np.diff(loose.indptr))
            loose.data[known[loose.indices] == np.repeat(tail, np.diff(loose.indptr))] = 0
            weights = csr_array(weights + _placed(loose, tail, known, n_items))
            weights.eliminate_zeros()
            weights = strongest_of_sparse(weights, config.top)
        history = recent(events, data.seen.shape, config.past, config.past_fade)
        return FittedItemWeights(history, weights, HistoryReading("recent", config.past, config.past_fade))


def _pasts(events: Events, n_items: int, config: NextItemsConfig) -> csr_array:
    """P'P: a pair counts at every step from its later interaction on that still sees the earlier one."""
    place, size = positions(events)
    after, usual = size - 1 - place, 1 / np.sqrt(size)
    fading = np.exp(-np.arange(config.past) / config.past_fade)
    total = np.cumsum(fading**2)

    def weigh(n_places: int, _: Places, later: Places) -> NDArray[np.floating]:
        steps = np.minimum(config.past - 1 - n_places, after[later])
        found: NDArray[np.floating] = fading[n_places] * total[steps] * usual[later]
        return found

    upper = sum_pairs(events, n_items, range(config.past), weigh)
    alone = sum_pairs(events, n_items, range(1), weigh).diagonal()
    return csr_array(upper + upper.T - diags_array(alone, dtype=np.float32))


def _followed(events: Events, n_items: int, config: NextItemsConfig) -> csr_array:
    """P'F: a pair counts at every step between its two that sees the one in its past, the other in its future."""
    usual = 1 / np.sqrt(positions(events)[1])
    back, ahead = (np.exp(-np.arange(n) / fade) for n, fade in _reaches(config))
    ahead[0] = 0
    by_places = np.convolve(back, ahead)

    def weigh(n_places: int, _: Places, later: Places) -> NDArray[np.floating]:
        return np.where(events.liked[later], by_places[n_places] * usual[later], 0)

    return sum_pairs(events, n_items, range(1, len(by_places)), weigh)


def _reaches(config: NextItemsConfig) -> tuple[tuple[int, float], tuple[int, float]]:
    """How many places, with the step's own, the past and the future reach, and how they fade."""
    return (config.past, config.past_fade), (config.future + 1, config.future_fade)


def _solved(
    gram: NDArray[np.float32], ridge: np.float32, followed: csr_array, own: NDArray[np.intp], top: int
) -> csr_array:
    """The strongest of (gram + ridge)⁻¹ times `followed`, row by row, without what an item says of its `own` column."""
    gram[np.diag_indices_from(gram)] += ridge
    inverse = inverse_of_positive(gram)
    n_rows, n_columns = followed.shape
    dense = followed.nnz > DENSE_SHARE * n_rows * n_columns
    right = followed.toarray() if dense else followed
    blocks = []
    step = max(1, BLOCK_CELLS // n_columns)
    for start in range(0, n_rows, step):
        stop = min(start + step, n_rows)
        rows = np.asarray(inverse[start:stop] @ right)
        rows[np.arange(stop - start), own[start:stop]] = 0
        blocks.append(strongest(rows, top))
    return csr_array(vstack(blocks, format="csr"))


def _placed(weights: csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64], n_items: int) -> csr_array:
    """Weights of some items for some as those of all."""
    found = weights.tocoo()
    return csr_array((found.data, (rows[found.row], columns[found.col])), shape=(n_items, n_items))
