"""Mult-DAE without hidden bends: factors that restore a history of which most was dropped, by softmax (Liang 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.needs import FLOPS, Needs, Size
from components.recommenders.protocol import RecommenderConfig, Scores, Task, TrainingData, check_trainable

N_MODELS = 3
"""Drawn differently, in the full pipeline of a comparison."""
FIRST, SECOND = 0.9, 0.999
"""How slowly Adam's two means forget (Kingma and Ba 2015)."""


class MultDaeConfig(RecommenderConfig):
    """How it learns.

    Attributes:
        steps: of Adam, each of `batch` users. Longer is not better: with too many it learns users by heart.
        dropout: of a history, the part that a step does not show.
        shrinkage: times half the squares of all factors is added to a user's surprise, the sum over what they like.
        seed_offset: sets several models of one setting apart.
    """

    kind: Literal["mult_dae"] = "mult_dae"
    dimensions: int = Field(default=200, ge=1)
    steps: int = Field(default=500, ge=1)
    batch: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.001, gt=0)
    dropout: float = Field(default=0.7, ge=0, lt=1)
    shrinkage: float = Field(default=0.01, ge=0)
    seed_offset: int = Field(default=0, ge=0)

    def build(self) -> MultDae:
        """See `MultDae`."""
        return MultDae(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        batch = min(self.batch, max(size.users, 1))
        megabytes = 4 * size.items * (10 * self.dimensions + 4 * batch) / 1e6
        return Needs(megabytes, 2 * self.steps * (batch + 30) * size.items * self.dimensions / FLOPS)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:  # noqa: ARG002 its memory is that of the items
        """See `RecommenderConfig`; with fewer steps."""
        share = seconds / self.needs(size).seconds
        return self if share >= 1 else self.model_copy(update={"steps": max(1, int(self.steps * share))})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [] if task.in_order else [cls(steps=steps) for steps in (500, 350, 800)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [] if task.in_order else [best.model_copy(update={"seed_offset": place}) for place in range(N_MODELS)]


@dataclass(frozen=True)
class MultDae:
    """Every liked item gives a row of factors, every item is found by another one and a bias.

    A history is the sum of what its likes give, over the root of how many they are; the softmax of its products with
    all items should say what the user likes, also where only part of it is shown. Without a bend between the two the
    model is one of factors, which ranked as well (docs/measurements.md). Time grows with items times steps.
    """

    config: MultDaeConfig

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Train for `config.steps` steps; who likes nothing has the biases alone."""
        check_trainable(data)
        config, n_items = self.config, len(data.item_ids)
        rng = np.random.default_rng((seed, config.seed_offset))
        likes = csr_array(data.positives)
        spread = np.sqrt(2 / (n_items + config.dimensions))
        shape = (n_items, config.dimensions)
        gives, finds = (rng.normal(0, spread, shape).astype(np.float32) for _ in range(2))
        counts = np.bincount(likes.indices, minlength=n_items)
        biases = np.log((counts + 1) / (likes.nnz + n_items)).astype(np.float32)  # so that it begins with popularity
        adam = _Adam([gives, finds, biases], config.learning_rate)
        for users in _batches(likes, config.batch, config.steps, rng):
            adam.step(self._slopes(likes[users], gives, finds, biases, rng))
        tastes = _shown(likes, np.ones(likes.nnz, np.float32)) @ gives
        return FittedFactors(
            np.column_stack([tastes, np.ones(len(tastes), np.float32)]).astype(np.float32),
            np.column_stack([finds, biases]).astype(np.float32),
            embedding_width=config.dimensions,
            fold=HistoryFold("root"),
            item_gives=gives,
        )

    def _slopes(
        self, likes: csr_array, gives: Scores, finds: Scores, biases: Scores, rng: np.random.Generator
    ) -> list[NDArray[np.floating]]:
        config = self.config
        kept = (rng.random(likes.nnz, np.float32) >= config.dropout) / np.float32(1 - config.dropout)
        shown = _shown(likes, kept)
        tastes = shown @ gives
        chances = tastes @ finds.T + biases
        chances -= chances.max(axis=1, keepdims=True)
        np.exp(chances, out=chances)
        sizes = np.diff(likes.indptr)
        chances *= (sizes / chances.sum(axis=1))[:, None].astype(np.float32)
        chances[np.repeat(np.arange(len(sizes)), sizes), likes.indices] -= 1
        chances /= np.float32(len(sizes))
        shrinkage = np.float32(config.shrinkage)
        of_gives = shown.T @ (chances @ finds) + shrinkage * gives
        return [of_gives, chances.T @ tastes + shrinkage * finds, chances.sum(axis=0)]


def _shown(likes: csr_array, kept: NDArray[np.floating]) -> csr_array:
    """Likes that count as `kept` says, over the root of how many likes the user has."""
    sizes = np.diff(likes.indptr)
    values = (kept / np.sqrt(np.repeat(sizes, sizes))).astype(np.float32)
    return csr_array((values, likes.indices, likes.indptr), shape=likes.shape)


def _batches(likes: csr_array, size: int, steps: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """So many times some of those who like something, all of them before anybody comes again."""
    users = np.flatnonzero(np.diff(likes.indptr))
    starts = range(0, len(users), size)
    for step in range(steps):
        place = step % len(starts)
        if not place:
            drawn = rng.permutation(users)
        yield drawn[starts[place] : starts[place] + size]


class _Adam:
    """Changes arrays in place."""

    def __init__(self, arrays: Sequence[Scores], learning_rate: float) -> None:
        self._arrays = arrays
        self._rate = learning_rate
        self._means = [(np.zeros_like(array), np.zeros_like(array)) for array in arrays]
        self._n_steps = 0

    def step(self, slopes: Sequence[NDArray[np.floating]]) -> None:
        """One step down these."""
        self._n_steps += 1
        first_share, second_share = 1 - FIRST**self._n_steps, 1 - SECOND**self._n_steps
        rate = np.float32(self._rate * np.sqrt(second_share) / first_share)
        for array, slope, (first, second) in zip(self._arrays, slopes, self._means, strict=True):
            first *= np.float32(FIRST)
            first += np.float32(1 - FIRST) * slope
            second *= np.float32(SECOND)
            second += np.float32(1 - SECOND) * slope * slope
            array -= rate * first / (np.sqrt(second) + np.float32(1e-8))
