"""Scores a recommender on held-out interactions: every item is ranked, those that are barred removed, per user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.metrics.ranking import Hits, Values, hit_rate, ndcg, recall
from components.recommenders.protocol import Scores
from components.retrieval.top_k_all import top_k_of_rows

BATCH_USERS = 256


class ScoresUsers(Protocol):
    """Anything that gives every item a score for each of some users."""

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items)."""
        ...


class EvaluationError(ValueError):
    """There is nobody to evaluate on; the message says why."""


@dataclass(frozen=True)
class Evaluation:
    """One entry per evaluated user, in the order of `users`.

    Attributes:
        users: user rows, ascending: those with a relevant held-out item that may be recommended.
        n_train: interactions of each user in training.
        lists: recommended item rows, (n_users, k), best first, filled up with -1.
        scores: their scores, (n_users, k), filled up with NaN.
        hits: whether they were relevant, (n_users, k), filled up with False.
    """

    users: NDArray[np.int64]
    n_train: NDArray[np.int64]
    lists: NDArray[np.int32]
    scores: NDArray[np.float32]
    hits: Hits
    ndcg: Values
    recall: Values
    hit_rate: Values


def targets_of(barred: csr_array, relevant: csr_array) -> csr_array:
    """What is looked for: relevant interactions of the test part, without items that are not recommended."""
    targets = csr_array(relevant - relevant.multiply(barred > 0))
    targets.eliminate_zeros()
    return targets


def evaluate(
    recommender: ScoresUsers, seen: csr_array, relevant: csr_array, k: int, barred: csr_array | None = None
) -> Evaluation:
    """Rank the whole catalogue for each user and compare the best `k` with what was held out.

    Args:
        seen: interactions of training, (n_users, n_items).
        relevant: relevant interactions of the test part, (n_users, n_items).
        barred: items that are not recommended, and do not count as relevant when they come up again in the test part
            (`TrainingData.barred`); None: those of `seen`.

    Raises:
        EvaluationError: no user has a relevant held-out item.
    """
    known = seen if barred is None else barred
    targets = targets_of(known, relevant)
    n_relevant = np.diff(targets.indptr)
    users = np.flatnonzero(n_relevant)
    if not len(users) and relevant.nnz:
        raise EvaluationError(
            f"all {relevant.nnz} relevant interactions of the test part are with items that their users had met in the "
            "training part, and such repeats are not looked for; look for them too: routing.repeats, or "
            "recops benchmark --repeats"
        )
    if not len(users):
        raise EvaluationError(
            "no user has a relevant interaction in the test part; a larger test part, or a lower value from which on "
            "an interaction is relevant, gives some"
        )
    lists = np.empty((len(users), k), np.int32)
    values = np.empty((len(users), k), np.float32)
    for start in range(0, len(users), BATCH_USERS):
        places = slice(start, start + BATCH_USERS)
        batch = users[places]
        lists[places], values[places] = top_k_of_rows(recommender.scores(batch), k, known[batch])
    hits = _are_in(lists, targets[users])
    wanted = n_relevant[users]
    return Evaluation(
        users=users,
        n_train=np.diff(seen.indptr)[users].astype(np.int64),
        lists=lists,
        scores=values,
        hits=hits,
        ndcg=ndcg(hits, wanted),
        recall=recall(hits, wanted),
        hit_rate=hit_rate(hits, wanted),
    )


def _are_in(lists: NDArray[np.int32], targets: csr_array) -> Hits:
    """Whether the item at each place of a row's list is among the row's targets; the end of a short list is not."""
    rows = np.arange(len(lists))[:, None]
    n_items = targets.shape[1]
    cells = np.repeat(rows.ravel(), np.diff(targets.indptr)) * n_items + targets.indices
    found: Hits = np.isin(rows * n_items + lists, cells) & (lists >= 0)
    return found
