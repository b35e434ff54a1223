"""A factor model that finds its best items through an index instead of scoring the whole catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.answers_history import Asked, AsksIndex, Nearest
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.factors import FittedFactors
from components.recommenders.fold_in import RecentHistory
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, Rows, Scores
from components.retrieval.item_index import ItemIndex


@dataclass(frozen=True)
class IndexedFactors(AsksIndex):
    """Answers like `factors`, but `top_k` asks `index` for candidates and scores only those."""

    factors: FittedFactors
    index: ItemIndex
    effort: int

    form: ClassVar[str] = "factors"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return self.factors.n_users

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return self.factors.n_items

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Exact scores of every item, (len(users), n_items)."""
        return self.factors.scores(users)

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """About the best `k` items of one user without `exclude`.

        Enough candidates are fetched to survive the exclusion; should there be too few, the exact path answers.
        """
        vector = self.factors.user_factors[user]
        candidates = self.index.nearest(vector, k + len(exclude), self.effort)
        candidates = np.sort(candidates[~np.isin(candidates, exclude)])
        if len(candidates) < k:
            return self.factors.top_k(user, k, exclude)
        best = top_k_of_scores(self.factors.item_factors[candidates] @ vector, k, np.empty(0, np.int32))
        return Ranking(candidates[best.items], best.scores)

    def ask(self, history: History, n: int) -> Nearest:
        """About the `n` best items for a history; sums over the whole catalogue cost no look at it."""
        vector = self.factors.vector_of(history)
        found = self.index.nearest(vector, min(n, self.n_items), self.effort)
        wide = vector.astype(np.float64)
        total, squares = float(self._sum @ wide), float(wide @ self._gram @ wide)
        items = self.factors.item_factors

        def scores_of(rows: Rows) -> Scores:
            # Row by row: the last bit of a matrix product depends on which other rows are multiplied.
            return np.asarray((items[rows] * vector).sum(axis=1), np.float32)

        return Nearest(found, scores_of(found), self.n_items, total, squares, scores_of)

    def score_history(self, history: History) -> tuple[NDArray[np.floating], Asked | None]:
        """Exact scores of every item."""
        return self.factors.score_history(history)

    def for_histories(self) -> Self:
        """Itself: it knows of no users that it was trained on."""
        return self

    @cached_property
    def _sum(self) -> NDArray[np.float64]:
        return np.asarray(self.factors.item_factors.sum(axis=0, dtype=np.float64))

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        items = self.factors.item_factors.astype(np.float64)
        return np.asarray(items.T @ items)

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:
        """Exact scores of every item from interactions since training, (n_items,)."""
        return self.factors.scores_from(news, user, n_known)

    def similar(self, item: int, k: int) -> Ranking:
        """The `k` items whose taste points closest to `item`'s, exact."""
        return self.factors.similar(item, k)

    def save(self, folder: Path) -> None:
        """Write the factors into `folder`; the index is a file of its own."""
        self.factors.save(folder)

    @classmethod
    def load(cls, folder: Path) -> NoReturn:
        """Not possible from `folder` alone: the bundle joins factors and index."""
        raise NotImplementedError(f"{folder} holds factors without their index; use read_bundle")
