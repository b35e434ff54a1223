"""The lists of a pipeline's orders for the users that a comparison judges, for the histories that it asks about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.ranking.history_ranker import HistoryRanker
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.history import Histories
from components.recommenders.protocol import Ranking, Rows, Scores

DEPTH = 100
"""Of a list; what follows comes by popularity."""
Lists = tuple[Rows, Scores]
Spread = Callable[[Callable[[NDArray[np.int64]], list[Lists]], NDArray[np.int64]], Sequence[list[Lists]]]
"""Calls with parts of some rows, in order, at once where there are processors for it, and returns what each gave."""


@dataclass(frozen=True)
class RankedNow:
    """Lists of `users`, made ahead, and `order` for anybody.

    Who has no history gets `counts`, the popularity that newcomers get, as the rest of lists does: below 1, where
    scores of candidates are 2 and more.

    Attributes:
        place_of: where in `lists` a user's is, -1 where it is not, (n_users,).
        lists: items and scores, (n_listed, DEPTH), filled up with -1.
    """

    ranker: HistoryRanker
    histories: Histories
    counts: Scores
    place_of: NDArray[np.int64]
    lists: Lists

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return len(self.histories)

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); users without a list have none but popularity's."""
        rows = np.repeat(np.asarray(self.counts / (self.counts.max(initial=0) + 1), np.float32)[None], len(users), 0)
        for row, place in enumerate(self.place_of[users].tolist()):
            if place >= 0:
                listed = self.lists[0][place] >= 0
                rows[row, self.lists[0][place][listed]] = self.lists[1][place][listed]
        return rows

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`, ranked anew."""
        history = self.histories.of(user)
        if not len(history):
            return top_k_of_scores(self.counts, k, exclude)
        ranking = self.ranker.order(history, self.ranker.find(history))
        kept = ~np.isin(ranking.items, exclude)
        if kept.sum() >= k:
            return Ranking(ranking.items[kept][:k], ranking.scores[kept][:k])
        return top_k_of_scores(self.counts, k, exclude)


def rank_now(
    rankers: Sequence[HistoryRanker], histories: Histories, counts: Scores, users: NDArray[np.int64], spread: Spread
) -> list[RankedNow]:
    """One for each of `rankers`, which order the candidates of the first, with the lists of `users`."""
    parts = spread(lambda some: _lists(rankers, histories, some), users)
    place_of = np.full(len(histories), -1)
    place_of[users] = np.arange(len(users))
    ranked = []
    for place, ranker in enumerate(rankers):
        items, scores = (np.concatenate([part[place][column] for part in parts]) for column in (0, 1))
        ranked.append(RankedNow(ranker, histories, counts, place_of, (items, scores)))
    return ranked


def _lists(rankers: Sequence[HistoryRanker], histories: Histories, users: NDArray[np.int64]) -> list[Lists]:
    shape = (len(users), DEPTH)
    lists = [(np.full(shape, -1, np.int32), np.zeros(shape, np.float32)) for _ in rankers]
    for row, user in enumerate(users.tolist()):
        history = histories.of(user)
        if len(history):
            found = rankers[0].find(history)
            for (items, scores), ranker in zip(lists, rankers, strict=True):
                ranking = ranker.order(history, found)
                n = min(len(ranking), DEPTH)
                items[row, :n], scores[row, :n] = ranking.items[:n], ranking.scores[:n]
    return lists
