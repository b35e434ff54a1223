"""Answers for what a user has done by the time they are asked about, where that is more than was learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from components.recommenders.answers_history import AnswersHistory
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.factors import FittedFactors
from components.recommenders.fold_in import RecentHistory
from components.recommenders.history import Histories
from components.recommenders.protocol import FittedRecommender, Ranking, Scores


class Scorer(Protocol):
    """What is measured: scores of users, and the time of one answer."""

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        ...

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items)."""
        ...

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        ...


@dataclass(frozen=True)
class AskedLater:
    """`fitted`, asked with `histories`, of which it has learnt the first `n_learnt` interactions of each user.

    One that can answer nobody but users as it has learnt them answers so.
    """

    fitted: FittedRecommender
    histories: Histories
    n_learnt: NDArray[np.int64]

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return self.fitted.n_users

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items)."""
        if not isinstance(self.fitted, AnswersHistory):
            return self.fitted.scores(users)
        return np.array([self._of(user) for user in users.tolist()], np.float32)

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def _of(self, user: int) -> Scores:
        history, learnt = self.histories.of(user), int(self.n_learnt[user])
        if isinstance(self.fitted, FittedFactors) and self.fitted.own_first:  # what is new is added to them
            news = history.items[learnt:]
            liked = news[history.liked[learnt:]]
            if not len(liked):
                return np.asarray(self.fitted.scores(np.array([user]))[0])
            return self.fitted.scores_from(RecentHistory(news, liked), user, learnt)
        assert isinstance(self.fitted, AnswersHistory)  # noqa: S101 asked before
        return np.asarray(self.fitted.score_history(history)[0], np.float32)
