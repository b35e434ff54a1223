"""The fitted form of factor models: a score is the dot product of a user's and an item's row."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.answers_history import Asked
from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import RecentHistory
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, RecommenderError, Scores


@dataclass(frozen=True)
class HistoryFold:
    """How a history becomes a user's factors: from the sum of what each liked item gives.

    Attributes:
        kind: `direction` scales the sum to the length of a usual user's vector, `sum` takes it as it is, `root` divides
            it by the root of how many likes there are, `ridge` solves for the vector that best explains the likes (the
            user's half of iALS).
        regularisation, alpha: of `ridge`, as iALS has them.
        regularisation_each: what each like adds to `regularisation`.
    """

    kind: Literal["direction", "sum", "root", "ridge"] = "direction"
    regularisation: float = 0.0
    alpha: float = 1.0
    regularisation_each: float = 0.0


BY_DIRECTION = HistoryFold()


@dataclass(frozen=True)
class FittedFactors:
    """Users and items as rows of float32 factors, biases folded in as further columns.

    Attributes:
        user_factors: (n_users, width).
        item_factors: (n_items, width).
        embedding_width: the first columns of `item_factors`, which hold taste; the rest are biases, which similarity
            between items leaves out.
        fold: how a history becomes a row of `user_factors`, or something near it.
        item_gives: what each liked item gives to that, (n_items, embedding_width); None where it is the item's factors.
    """

    user_factors: Scores
    item_factors: Scores
    embedding_width: int
    fold: HistoryFold = BY_DIRECTION
    item_gives: Scores | None = None

    form: ClassVar[str] = "factors"
    own_first: ClassVar[bool] = True
    """Whether the factors that a user was trained to have say more of them than those that a history gives."""

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
    def n_columns(self) -> int:
        """The width of its factors, with what is beside taste."""
        return int(self.item_factors.shape[1])

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

    def score_history(self, history: History) -> tuple[NDArray[np.floating], Asked | None]:
        """Scores of every item by the factors that the history alone gives; no single item of it can be blamed."""
        return self.item_factors @ self.vector_of(history), None

    def vector_of(self, history: History) -> Scores:
        """The factors of a user who has done this, (width,); the usual biases and no taste where nothing was liked."""
        width, likes = self.embedding_width, history.likes
        gives = self.item_factors[:, :width] if self.item_gives is None else self.item_gives
        taste = gives[likes].sum(axis=0, dtype=np.float64)
        if self.fold.kind == "direction":
            length = np.sqrt(taste @ taste)
            taste = taste * (self.usual_length / length) if length > 0 else taste
        elif self.fold.kind == "root":
            taste = taste / np.sqrt(max(len(likes), 1))
        elif self.fold.kind == "ridge" and len(likes):
            system = self._gram
            if self.fold.alpha != 1:
                own = gives[likes].astype(np.float64)
                system = system + (self.fold.alpha - 1) * (own.T @ own)
            if self.fold.regularisation_each:
                system = system + self.fold.regularisation_each * len(likes) * np.eye(self.embedding_width)
            taste = np.linalg.solve(system, self.fold.alpha * taste)
        return np.concatenate([taste, self.usual_biases]).astype(np.float32)

    def for_histories(self) -> Self:
        """With one usual user in place of all."""
        usual = np.zeros((1, self.item_factors.shape[1]), np.float32)
        usual[0, 0] = self.usual_length
        usual[0, self.embedding_width :] = self.usual_biases
        return replace(self, user_factors=usual)

    @cached_property
    def usual_biases(self) -> Scores:
        """The mean of the users' columns beside taste, (width - embedding_width,); zeros without users."""
        biases = self.user_factors[:, self.embedding_width :]
        return np.asarray(biases.mean(axis=0) if len(biases) else np.zeros(biases.shape[1], np.float32))

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        items = self.item_factors[:, : self.embedding_width].astype(np.float64)
        gram: NDArray[np.float64] = items.T @ items + self.fold.regularisation * np.eye(items.shape[1])
        return gram

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:
        """Scores of every item, (n_items,), by the taste that the liked items share; see `FoldsIn`.

        Somebody who likes n items has the mean direction of their embeddings and the length of a usual user's vector;
        for a known user this counts n times and the trained vector `n_known` times. It ranked better than ridge
        regression on the item vectors (docs/decisions/0007-answers-from-what-users-do-and-say.md).
        """
        width = self.embedding_width
        taste = self.item_factors[news.liked, :width].sum(axis=0)
        length = np.linalg.norm(taste)
        taste = taste * (self.usual_length / length) if length > 0 else taste
        biases = self.user_factors[:, width:].mean(axis=0)
        if user is not None and n_known:
            n_new = len(news.liked)
            trained = self.user_factors[user]
            taste = (n_known * trained[:width] + n_new * taste) / (n_known + n_new)
            biases = trained[width:]
        scores: Scores = self.item_factors @ np.concatenate([taste, biases]).astype(np.float32)
        return scores

    @cached_property
    def usual_length(self) -> float:
        """The mean length of the tastes of users who have one; 0 where nobody has."""
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
        header = {"form": self.form, "embedding_width": self.embedding_width, "fold": asdict(self.fold)}
        arrays = {"user_factors": self.user_factors, "item_factors": self.item_factors}
        if self.item_gives is not None:
            arrays["item_gives"] = self.item_gives
        write_arrays(folder, header, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        header = read_header(folder)
        gives = read_array(folder, "item_gives") if (folder / "item_gives.npy").is_file() else None
        users, items = read_array(folder, "user_factors"), read_array(folder, "item_factors")
        return cls(users, items, int(header["embedding_width"]), HistoryFold(**header["fold"]), gives)
