"""What is near in histories is what comes up, in the order in which it was met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.recommenders.events import with_events
from components.recommenders.history import Histories
from components.recommenders.nearby_items import NearbyItems, NearbyItemsConfig, pairs
from components.recommenders.protocol import Events, TrainingData
from tests.worlds import checkerboard

DAY = 86_400


def walks(*sequences: list[int]) -> TrainingData:
    """Users who met these items of 6 in this order, one a day."""
    users = np.repeat(np.arange(len(sequences)), [len(each) for each in sequences]).astype(np.int32)
    items = np.concatenate(sequences).astype(np.int32)
    days = np.concatenate([np.arange(len(each)) for each in sequences])
    events = Events(users, items, np.ones(len(items), np.float32), np.ones(len(items), np.bool_), days * DAY)
    board = checkerboard()
    names = tuple(f"i{item}" for item in range(6))
    empty = replace(board, user_ids=tuple(map(str, range(len(sequences)))), item_ids=names, item_labels=((),) * 6)
    shape = (len(sequences), 6)
    return with_events(replace(empty, seen=np.zeros(shape), positives=np.zeros(shape)), events)


def test_pairs_count_by_their_places() -> None:
    events = walks([0, 1, 2], [1, 0]).events
    assert events is not None
    expected = np.zeros((6, 6))
    expected[0, 1], expected[1, 2], expected[0, 2], expected[1, 0] = 1, 1, 0.5, 1
    np.testing.assert_allclose(pairs(events, 6, 5, 1.0).toarray(), expected)


@pytest.mark.parametrize(("backwards", "order"), [(0.0, [1]), (0.3, [1, 0])])
def test_what_came_after_comes_before_what_came_earlier(backwards: float, order: list[int]) -> None:
    config = NearbyItemsConfig(backwards=backwards, own_discount=0, others_discount=0)
    data = walks([0, 2, 1], [0, 2, 1], [2])
    ranking = NearbyItems(config).fit(data, 0).top_k(2, 6, np.array([2]))
    assert ranking.items[ranking.scores > 0].tolist() == order


def test_the_last_item_says_most() -> None:
    data = walks([0, 3], [1, 4], [0, 1], [1, 0])
    fitted = NearbyItems(NearbyItemsConfig(own_discount=0, others_discount=0)).fit(data, 0)
    best = [fitted.top_k(user, 1, np.array([0, 1])).items.tolist() for user in (2, 3)]
    assert best == [[4], [3]]


def test_a_history_scores_as_its_user_does() -> None:
    data = walks([0, 3, 2], [1, 4, 2], [0, 1, 5])
    fitted = NearbyItems(NearbyItemsConfig()).fit(data, 0)
    assert data.events is not None
    for user in range(3):
        scores, _ = fitted.score_history(Histories(data.events, 3).of(user))
        np.testing.assert_allclose(scores, fitted.scores(np.array([user]))[0], rtol=1e-6)


def test_without_times_nothing_comes_first() -> None:
    data = walks([0, 1], [1, 0], [0, 1])
    assert data.events is not None
    fitted = NearbyItems(NearbyItemsConfig(own_discount=0, others_discount=0)).fit(
        replace(data, events=replace(data.events, seconds=np.zeros(6, np.int64))), 0
    )
    assert fitted.weights.toarray()[0, 1] == fitted.weights.toarray()[1, 0] == 3
