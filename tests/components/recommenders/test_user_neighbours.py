"""Neighbours are found for any history, as counting by hand finds them, and nearly so where items have a sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders import user_neighbours
from components.recommenders.history import NO_HISTORY, History
from components.recommenders.protocol import TrainingData
from components.recommenders.user_neighbours import UserNeighbours, UserNeighboursConfig
from tests.worlds import checkerboard

CONFIG = UserNeighboursConfig(top=10, shrink=5.0)


def crowd(n_users: int, n_items: int) -> TrainingData:
    """Even users like even items, odd ones odd items, and everybody the first two."""
    met = np.random.default_rng(1).random((n_users, n_items)) < 0.3
    met &= (np.arange(n_users)[:, None] + np.arange(n_items)) % 2 == 0
    met[:, :2] = True
    history = csr_array(met.astype(np.float32))
    names = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    whole = replace(checkerboard(), user_ids=names[0], item_ids=names[1], item_labels=((),) * n_items)
    return replace(whole, positives=history, seen=history, events=None)


def liking(items: NDArray[np.integer], liked: bool = True) -> History:
    n = len(items)
    return History(items.astype(np.int32), np.ones(n, np.float32), np.full(n, liked), np.zeros(n, np.int64))


def counted_by_hand(data: TrainingData, user: int) -> NDArray[np.float64]:
    """What the likeness of the ten others who are most alike says of each item."""
    likes = data.positives.toarray()
    rarity = np.log1p(len(likes) / (1 + likes.sum(axis=0)))
    shared, totals = (likes * rarity) @ likes[user], likes @ rarity
    likeness = shared / (np.sqrt(totals[user] * totals) + 5.0)
    likeness[user] = 0
    nearest = np.argsort(-likeness, kind="stable")[:10]
    return likeness[nearest] @ likes[nearest]


def test_what_was_not_met_is_scored_as_counting_by_hand_scores_it() -> None:
    data = crowd(100, 30)
    # One more place than by hand: whoever was trained on is among their own neighbours.
    scores = UserNeighbours(asking(11)).fit(data, 0).scores(np.arange(100))
    for user in range(100):
        unmet = np.flatnonzero(data.positives.toarray()[user] == 0)
        np.testing.assert_allclose(scores[user, unmet], counted_by_hand(data, user)[unmet], rtol=1e-6)


def asking(top: int) -> UserNeighboursConfig:
    return CONFIG.model_copy(update={"top": top})


def test_a_stranger_with_the_likes_of_somebody_known_gets_the_same_to_the_last_bit() -> None:
    data = crowd(100, 30)
    fitted = UserNeighbours(CONFIG).fit(data, 0)
    likes = np.flatnonzero(data.positives.toarray()[7])
    scores, asked = fitted.for_histories().score_history(liking(likes[::-1]))
    assert asked is None
    np.testing.assert_array_equal(scores.astype(np.float32), fitted.scores(np.array([7]))[0])


def test_what_is_not_liked_finds_no_neighbours() -> None:
    fitted = UserNeighbours(CONFIG).fit(crowd(100, 30), 0)
    assert not fitted.score_history(NO_HISTORY)[0].any()
    assert not fitted.score_history(liking(np.arange(5), liked=False))[0].any()


def test_a_sample_keeps_within_its_pairs_and_finds_the_same_kind_of_neighbours() -> None:
    data = crowd(400, 30)
    whole = user_neighbours._sampled(data.positives, 1e9, np.random.default_rng(0))
    assert whole is data.positives
    counts = np.bincount(data.positives.indices)
    few = user_neighbours._sampled(data.positives, 100_000, np.random.default_rng(0))
    assert counts @ np.bincount(few.indices, minlength=30) < 110_000 < counts @ counts
    fitted = UserNeighbours(CONFIG.model_copy(update={"max_pairs": 100_000})).fit(data, 0)
    scores = fitted.scores(np.arange(400))[:, 2:]
    alike = (np.arange(400)[:, None] + np.arange(2, 30)) % 2 == 0
    assert scores[alike].sum() > 10 * scores[~alike].sum()
