"""What the sequence model learns from: every interaction is wanted once, after what came before it and nothing else."""

from __future__ import annotations

import numpy as np

from components.recommenders.neural.tokens import gaps_of, marks_of
from components.recommenders.neural.windows import HistoryWindows
from components.recommenders.protocol import Events

SIZES = (1, 4, 11, 25)
LENGTH = 6


def walks() -> Events:
    """User u meets items 100 u, 100 u + 1, … a minute apart, and likes those with even numbers."""
    users = np.repeat(np.arange(len(SIZES)), SIZES).astype(np.int32)
    places = np.concatenate([np.arange(size) for size in SIZES])
    items = (100 * users + places).astype(np.int32)
    return Events(users, items, np.ones(len(items), np.float32), items % 2 == 0, 1_000_000 + 60 * places)


def test_each_liked_interaction_is_asked_for_once_an_epoch() -> None:
    events = walks()
    wanted = [
        batch.wanted[batch.asked] for batch in HistoryWindows(events, LENGTH).batches(20, np.random.default_rng(0))
    ]
    assert sorted(np.concatenate(wanted).tolist()) == sorted(events.items[events.liked].tolist())


def test_what_stands_before_a_wanted_item_is_what_was_met_before_it() -> None:
    for seed in range(5):
        for batch in HistoryWindows(walks(), LENGTH).batches(30, np.random.default_rng(seed)):
            assert batch.items.shape[1] <= LENGTH + 1
            for row, place in np.argwhere(batch.asked):
                np.testing.assert_array_equal(
                    batch.items[row, 1 : place + 1], batch.wanted[row, place] - np.arange(place, 0, -1)
                )


def test_the_first_interaction_of_a_stretch_has_no_gap_as_at_an_answer() -> None:
    for batch in HistoryWindows(walks(), LENGTH).batches(30, np.random.default_rng(1)):
        assert not batch.gaps[:, :2].any()
        assert (batch.gaps[:, 2:][batch.asked[:, 2:]] == 2).all()


def test_a_gap_is_counted_in_doublings_of_minutes() -> None:
    minutes = np.array([0, 0, 1, 4, 67])
    assert gaps_of(60 * minutes).tolist() == [0, 1, 2, 3, 7]
    assert gaps_of(np.array([0, 10**12])).tolist() == [0, 15]


def test_marks_tell_types_and_likes_apart() -> None:
    liked, kinds = np.array([True, False, True, False]), np.array([0, 0, 3, -1], np.int8)
    assert len(set(marks_of(liked, kinds).tolist())) == 4
    assert marks_of(liked, None).tolist() == [1, 0, 1, 0]
