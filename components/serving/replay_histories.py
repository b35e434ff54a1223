"""Answers users as if less, or more, were known of them, through the request path, and says how good the lists are.

Strangers are known users whom the release does not know by name, with but the latest few interactions of what training
knows of them; changed users are known ones with a few interactions after training. So what is judged is what serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.metrics.ranking import ndcg
from components.recommenders.events import events_of
from components.recommenders.history import Histories, History
from components.recommenders.protocol import TrainingData
from components.serving.expected_answers import UNKNOWN_USER
from components.serving.recent_history import UserEvent, UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

KEPT, ADDED = (0, 1, 2, 4), (1, 2, 4, 8)
"""Interactions of a stranger, and of a known user since training."""
LEAST = 10
"""Interactions of a user who is cut down to a stranger."""
STRANGER, CHANGED = "stranger", "changed"
NOTHING = np.empty(0, np.int32)


@dataclass(frozen=True)
class Replayed:
    """One user, answered with `n` interactions as a `group`, and the NDCG of the list and of popularity's."""

    group: str
    n: int
    user: int
    ndcg: float
    popularity_ndcg: float


def sample_users(train: TrainingData, test: TrainingData, n: int, seed: int) -> NDArray[np.int64]:
    """At most `n` users, ascending, with enough to be cut and something new that they liked in the test part."""
    fresh = fresh_likes(train, test)
    able = np.flatnonzero((np.diff(train.seen.indptr) >= LEAST) & (np.diff(fresh.indptr) > 0))
    return np.sort(np.random.default_rng(seed).permutation(able)[:n])


def fresh_likes(train: TrainingData, test: TrainingData) -> csr_array:
    """What users liked in the test part and may be recommended."""
    fresh = csr_array(test.positives - test.positives.multiply(train.barred > 0))
    fresh.eliminate_zeros()
    return fresh


def replay(path: RequestPath, train: TrainingData, test: TrainingData, users: Sequence[int], k: int) -> list[Replayed]:
    """Every user as a stranger with `KEPT` interactions and as a changed one with `ADDED`.

    A stranger is asked for what the user liked in the test part; what was cut away is left out of the list where it is
    of the whole user's, that is unless people come back to items. A changed one tells the first interactions of the
    test part, and is asked for the likes that follow; who then has none is left out.
    """
    popularity = path.bundle.recommenders["popularity"]
    before, after = (Histories(events_of(data), len(data.user_ids)) for data in (train, test))
    likes = fresh_likes(train, test)
    found = []

    def answered(group: str, n: int, user: int, told: History, wanted: NDArray[np.integer], away: list[int]) -> None:
        known = group == CHANGED
        request = RecommendRequest(
            user_id=train.user_ids[user] if known else UNKNOWN_USER,
            k=k,
            exclude=[train.item_ids[row] for row in away],
            explain=False,
        )
        answer = path.recommend(request, "", _events(told, train.item_ids))
        shown = np.array([path.bundle.items.row_of[item.item_id] for item in answer.items], np.int64)
        hidden = NOTHING if train.repeats else np.concatenate([before.of(user).met, told.met])
        popular = popularity.top_k(-1, k, hidden).items
        found.append(Replayed(group, n, user, *(_ndcg(rows, wanted, k) for rows in (shown, popular))))

    for user in users:
        history, future = before.of(user), after.of(user)
        wanted = likes.indices[likes.indptr[user] : likes.indptr[user + 1]]
        for n in KEPT:
            kept = history.last(n)
            away = [] if train.repeats else np.setdiff1d(history.met, kept.met).tolist()
            answered(STRANGER, n, user, kept, wanted, away)
        for n in ADDED:
            told = future.first(n)
            left = wanted if train.repeats else np.setdiff1d(wanted, told.met)
            if len(left):
                answered(CHANGED, n, user, told, left, [])
    return found


def _events(history: History, item_ids: Sequence[str]) -> UserEvents:
    columns = (history.items.tolist(), history.values.tolist(), history.seconds.tolist())
    told = (UserEvent(item_ids[row], "rating", value, float(when)) for row, value, when in zip(*columns, strict=True))
    return UserEvents(tuple(told), len(history))


def _ndcg(shown: NDArray[np.integer], wanted: NDArray[np.integer], k: int) -> float:
    hits = np.zeros(k, np.bool_)
    hits[: len(shown)] = np.isin(shown, wanted)
    return float(ndcg(hits[None], np.array([len(wanted)]))[0])
