"""The fitted form of factor models: a score is the dot product of a user's and an item's row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import RecentHistory
from components.recommenders.protocol import Ranking, RecommenderError, Scores


@dataclass(frozen=True)
class FittedFactors:
    """Users and items as rows of float32 factors, biases folded in as further columns.

    Attributes:
        user_factors: (n_users, width).
        item_factors: (n_items, width).
        embedding_width: the first columns of `item_factors`, which hold taste; the rest are biases, which similarity
            between items leaves out.
    """

    user_factors: Scores
    item_factors: Scores
    embedding_width: int

    form: ClassVar[str] = "factors"

    def __post_init__(self) -> None:
        users, items = self.user_factors, self.item_factors
        if users.ndim != 2 or items.ndim != 2 or users.shape[1] != items.shape[1]:
            raise RecommenderError(f"factors do not match: users {users.shape}, items {items.shape}")
        if users.dtype != np.float32 or items.dtype != np.float32:
            raise RecommenderError(f"factors must be float32: users {users.dtype}, items {items.dtype}")
        if not (np.isfinite(users).all() and np.isfinite(items).all()):
            raise RecommenderError("factors are not finite: training diverged; lower the learning rate")
        if not 1 <= self.embedding_width <= items.shape[1]:
            raise RecommenderError(f"embedding_width {self.embedding_width} is outside 1..{items.shape[1]}")

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return len(self.user_factors)

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return len(self.item_factors)

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items)."""
        scores: Scores = self.user_factors[users] @ self.item_factors.T
        return scores

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`, exact."""
        return top_k_of_scores(self.item_factors @ self.user_factors[user], k, exclude)

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:
        """Scores of every item, (n_items,), by the taste that the liked items share; see `FoldsIn`.

        Somebody who likes n items has the mean direction of their embeddings and the length of a usual user's vector;
        for a known user this counts n times and the trained vector `n_known` times. It ranked better than ridge
        regression on the item vectors (docs/decisions/0007-answers-from-what-users-do-and-say.md).
        """
        width = self.embedding_width
        taste = self.item_factors[news.liked, :width].sum(axis=0)
        length = np.linalg.norm(taste)
        taste = taste * (self._usual_length / length) if length > 0 else taste
        biases = self.user_factors[:, width:].mean(axis=0)
        if user is not None and n_known:
            n_new = len(news.liked)
            trained = self.user_factors[user]
            taste = (n_known * trained[:width] + n_new * taste) / (n_known + n_new)
            biases = trained[width:]
        scores: Scores = self.item_factors @ np.concatenate([taste, biases]).astype(np.float32)
        return scores

    @cached_property
    def _usual_length(self) -> float:
        lengths = np.linalg.norm(self.user_factors[:, : self.embedding_width], axis=1)
        return float(lengths[lengths > 0].mean()) if lengths.any() else 0.0

    @cached_property
    def directions(self) -> Scores:
        """Items as unit vectors of taste, (n_items, embedding_width); an item without any is a zero row."""
        embeddings = self.item_factors[:, : self.embedding_width]
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        directions: Scores = np.divide(embeddings, lengths, out=np.zeros_like(embeddings), where=lengths > 0)
        return directions

    def similar(self, item: int, k: int) -> Ranking:
        """The `k` items whose taste points closest to `item`'s (cosine), without itself."""
        return top_k_of_scores(self.directions @ self.directions[item], k, np.array([item]))

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        header = {"form": self.form, "embedding_width": self.embedding_width}
        write_arrays(folder, header, {"user_factors": self.user_factors, "item_factors": self.item_factors})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        width = int(read_header(folder)["embedding_width"])
        return cls(read_array(folder, "user_factors"), read_array(folder, "item_factors"), width)
