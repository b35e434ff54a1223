"""Scores a recommender on held-out interactions: every item is ranked, seen ones removed, per user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.metrics.ranking import Hits, Values, hit_rate, ndcg, recall
from components.recommenders.protocol import FittedRecommender
from components.retrieval.exact_top_k import top_k_of_scores

BATCH_USERS = 256


class EvaluationError(ValueError):
    """There is nobody to evaluate on; the message says why."""


@dataclass(frozen=True)
class Evaluation:
    """One entry per evaluated user, in the order of `users`.

    Attributes:
        users: user rows, ascending: those with a relevant held-out item that training has not seen.
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


def evaluate(recommender: FittedRecommender, seen: csr_array, relevant: csr_array, k: int) -> Evaluation:
    """Rank the whole catalogue for each user and compare the best `k` with what was held out.

    Args:
        seen: interactions of training, (n_users, n_items); these items are not recommended, and do not count as
            relevant when they come up again in the test part.
        relevant: relevant interactions of the test part, (n_users, n_items).

    Raises:
        EvaluationError: no user has a relevant held-out item.
    """
    targets = csr_array(relevant - relevant.multiply(seen > 0))
    targets.eliminate_zeros()
    n_relevant = np.diff(targets.indptr)
    users = np.flatnonzero(n_relevant)
    if not len(users):
        raise EvaluationError("no user has a relevant interaction in the test part; raise split.test_share")
    lists = np.full((len(users), k), -1, np.int32)
    values = np.full((len(users), k), np.nan, np.float32)
    hits = np.zeros((len(users), k), np.bool_)
    for start in range(0, len(users), BATCH_USERS):
        batch = users[start : start + BATCH_USERS]
        for place, (user, scores) in enumerate(zip(batch.tolist(), recommender.scores(batch), strict=True), start):
            ranking = top_k_of_scores(scores, k, _columns(seen, user))
            lists[place, : len(ranking)] = ranking.items
            values[place, : len(ranking)] = ranking.scores
            hits[place, : len(ranking)] = np.isin(ranking.items, _columns(targets, user))
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


def _columns(matrix: csr_array, row: int) -> NDArray[np.int32]:
    columns: NDArray[np.int32] = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return columns
