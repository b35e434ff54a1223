"""Lifts are learnt where situations matter and nowhere else, by simulation of worlds of both kinds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.protocol import Events
from components.situation.lifts import DAY, Lifts, learn_lifts

LABELS = ("comedy", "documentary", "horror")
N_ITEMS, N_USERS, EACH = 60, 120, 40
ITEM_LABELS = csr_array(np.eye(3, dtype=np.float32)[np.arange(N_ITEMS) % 3])
SATURDAY = 2 * DAY  # 1970-01-03


def world(rng: np.random.Generator, matters: bool, by_user: bool = False, offset: int = 0) -> Events:
    """Choices at random hours; where it `matters`, horror is what three in four choose on weekend evenings.

    `by_user`: who likes horror is up on weekend evenings alone, and what they choose is the same at all hours.
    """
    users, items, seconds = [], [], []
    for user in range(N_USERS):
        for _ in range(EACH):
            fan = by_user and user % 3 == 0
            second = int(rng.integers(1, 365)) * DAY + int(rng.integers(DAY))
            if fan and rng.random() < 0.7:
                second = int(rng.integers(52)) * 7 * DAY + SATURDAY + int(rng.integers(18, 24)) * 3600
            evening = (second // DAY + 3) % 7 >= 5 and second % DAY >= 18 * 3600
            horror = (matters and evening and rng.random() < 0.75) or (fan and rng.random() < 0.75)
            users.append(user)
            items.append(int(rng.integers(N_ITEMS // 3)) * 3 + (2 if horror else int(rng.integers(3))))
            seconds.append(second - offset * 3600)
    order = np.lexsort((seconds, users))
    ones = np.ones(len(users), np.float32)
    columns = (np.array(each)[order] for each in (users, items))
    user_rows, item_rows = (each.astype(np.int32) for each in columns)
    return Events(user_rows, item_rows, ones, ones > 0, np.array(seconds)[order])


def learnt(events: Events, offset: float = 0.0) -> Lifts:
    return learn_lifts(events, ITEM_LABELS, LABELS, offset)


def test_where_it_matters_the_label_has_a_lift_in_its_cell_and_none_elsewhere() -> None:
    lifts = learnt(world(np.random.default_rng(1), matters=True))
    evening = dict(zip(LABELS, lifts.cells["weekend evening"], strict=True))
    assert evening["horror"] > 0.3 > 0 > evening["comedy"]
    assert abs(lifts.cells["weekday morning"][2]) < 0.25


@pytest.mark.parametrize("seed", range(10))
def test_where_it_does_not_matter_nothing_is_learnt(seed: int) -> None:
    assert not learnt(world(np.random.default_rng(seed), matters=False)).cells


@pytest.mark.parametrize("seed", range(5))
def test_who_is_awake_when_is_no_lift(seed: int) -> None:
    assert not learnt(world(np.random.default_rng(seed), matters=False, by_user=True)).cells


@pytest.mark.parametrize("seed", range(3))
def test_what_is_chosen_more_is_found_though_who_chooses_differs_too(seed: int) -> None:
    events = world(np.random.default_rng(seed), matters=True, by_user=True)
    assert learnt(events).cells["weekend evening"][2] > 0


def test_the_clock_of_the_users_counts_not_that_of_utc() -> None:
    events = world(np.random.default_rng(1), matters=True, offset=6)
    assert learnt(events, offset=6.0).cells["weekend evening"][2] > 0.3
    shifted = learnt(events).cells.get("weekend evening")
    assert shifted is None or shifted[2] < 0.2


def test_without_times_nothing_is_known() -> None:
    events = world(np.random.default_rng(1), matters=True)
    untimed = Events(events.users, events.items, events.values, events.liked, np.zeros(len(events), int))
    assert learnt(untimed) == Lifts(LABELS, {}, {})
