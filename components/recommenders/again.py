"""What a user has liked, the often and lately liked first: for data in which people come back to items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.events import chosen, events_of, positions
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, RecommenderConfig, Scores, Task, TrainingData, check_trainable


class AgainConfig(RecommenderConfig):
    """Of a user's likes each weighs exp(-1/`fade`) of the next one; without times all weigh the same."""

    kind: Literal["again"] = "again"
    fade: float = Field(default=50.0, gt=0)

    def build(self) -> Again:
        """See `Again`."""
        return Again(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(fade=fade) for fade in (50.0, 10.0, 250.0)] if task.repeats else []

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [best] if task.repeats else []


@dataclass(frozen=True)
class FittedAgain:
    """Scores are the weights of a user's own likes; behind them stands what is popular, below any of them.

    Attributes:
        liked: those weights, (n_users, n_items).
        counts: users who liked each item, (n_items,).
        fade: as in `AgainConfig`; 0 without times.
    """

    liked: csr_array
    counts: Scores
    fade: float

    form: ClassVar[str] = "again"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return int(self.liked.shape[0])

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return int(self.liked.shape[1])

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); an item without a like of the user's gets less than 1e-6."""
        tail = self.counts / (self.counts.max(initial=0) + 1) * 1e-6
        return np.asarray(self.liked[users].toarray() + tail, np.float32)

    def score_history(self, history: History) -> tuple[NDArray[np.floating], None]:
        """See `AnswersHistory`; zero for what the history has no like of."""
        liked = history.items[history.liked]
        weights = _faded(np.arange(len(liked))[::-1], self.fade)
        return np.bincount(liked, weights, minlength=self.n_items).astype(np.float32), None

    def for_histories(self) -> Self:
        """See `AnswersHistory`."""
        return replace(self, liked=csr_array(np.zeros((0, self.n_items), np.float32)))

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays: dict[str, NDArray[Any]] = {
            "values": self.liked.data.astype(np.float32),
            "columns": self.liked.indices.astype(np.int32),
            "offsets": self.liked.indptr.astype(np.int64),
            "counts": self.counts,
        }
        write_arrays(folder, {"form": self.form, "fade": self.fade}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        values, columns, offsets, counts = (
            read_array(folder, name) for name in ("values", "columns", "offsets", "counts")
        )
        liked = csr_array((values, columns, offsets), shape=(len(offsets) - 1, len(counts)))
        return cls(liked, counts, float(read_header(folder)["fade"]))


@dataclass(frozen=True)
class Again:
    """How often each user liked each item, faded by how many likes ago."""

    config: AgainConfig

    def fit(self, data: TrainingData, seed: int) -> FittedAgain:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used."""
        check_trainable(data)
        events = events_of(data)
        fade = self.config.fade if events.timed else 0.0
        likes = chosen(events, events.liked)
        place, size = positions(likes)
        weights = _faded(size - 1 - place, fade)
        liked = csr_array((weights, (likes.users, likes.items)), shape=data.seen.shape)
        liked.sum_duplicates()
        return FittedAgain(liked, np.asarray(data.positives.sum(axis=0), np.float32).ravel(), fade)


def _faded(back: NDArray[np.integer], fade: float) -> Scores:
    """The weight of a like with `back` later ones."""
    return np.exp(-back / fade).astype(np.float32) if fade else np.ones(len(back), np.float32)
