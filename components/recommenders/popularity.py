"""Recommends what most users found relevant: the baseline, and the answer to strangers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, RecommenderConfig, Scores, TrainingData, check_trainable


@dataclass(frozen=True)
class FittedPopularity:
    """The score of an item is its number of relevant interactions, the same for every user.

    Attributes:
        counts: (n_items,) float32.
        n_users: how many user rows it was fitted on; `top_k` answers for any user.
    """

    counts: Scores
    n_users: int

    form: ClassVar[str] = "popularity"

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return len(self.counts)

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """The counts once per user, (len(users), n_items), read-only."""
        return np.broadcast_to(self.counts, (len(users), self.n_items))

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:  # noqa: ARG002 the same for all
        """The `k` most popular items without `exclude`; a stranger is any row, such as -1."""
        return top_k_of_scores(self.counts, k, exclude)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        write_arrays(folder, {"form": self.form, "n_users": self.n_users}, {"counts": self.counts})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(read_array(folder, "counts"), int(read_header(folder)["n_users"]))


class PopularityConfig(RecommenderConfig):
    """There is nothing to set."""

    kind: Literal["popularity"] = "popularity"

    def build(self) -> Popularity:
        """See `Popularity`."""
        return Popularity(self)


@dataclass(frozen=True)
class Popularity:
    """Counts relevant interactions per item."""

    config: PopularityConfig = field(default_factory=PopularityConfig)

    def fit(self, data: TrainingData, seed: int) -> FittedPopularity:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used."""
        check_trainable(data)
        return FittedPopularity(np.asarray(data.positives.sum(axis=0), np.float32).ravel(), len(data.user_ids))
