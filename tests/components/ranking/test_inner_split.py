"""Laws of the cuts inside training data, and what they protect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.interactions.prepared import prepare
from components.ranking.inner_split import inner_splits, short_splits
from components.recommenders.events import events_of
from components.recommenders.protocol import TrainingData
from components.recommenders.training_data import training_data
from tests.worlds import make_tables


def world() -> TrainingData:
    interactions, items, users = make_tables(n_users=20, n_items=30, n_each=20)
    prepared = prepare(interactions, items, users, 4.0)
    return training_data(prepared.interactions, prepared.items, prepared.users)


@pytest.mark.parametrize("kind", ["latest", "random"])
def test_nothing_wanted_is_known(kind: str) -> None:
    for split in inner_splits(world(), kind, 3, seed=0):
        assert split.wanted.nnz > 0
        assert split.wanted.multiply(split.known.seen).nnz == 0


def test_what_is_known_precedes_what_is_wanted() -> None:
    data = world()
    when = {
        (u, i): s for u, i, s in zip(*(getattr(data.events, n) for n in ("users", "items", "seconds")), strict=True)
    }
    for split in inner_splits(data, "latest", 4, seed=0):
        known = events_of(split.known)
        for user, item in zip(*split.wanted.nonzero(), strict=True):
            assert known.seconds[known.users == user].max() < when[user, item]


def test_a_cut_that_wants_some_of_what_the_first_does_says_so() -> None:
    splits = inner_splits(world(), "latest", 4, seed=0)
    assert [split.overlaps_first for split in splits] == [False, True, False, False]
    for split in splits[1:]:
        assert (split.wanted.multiply(splits[0].wanted).nnz > 0) == split.overlaps_first


def test_random_cuts_want_different_quarters() -> None:
    splits = inner_splits(world(), "random", 4, seed=0)
    total = sum((split.wanted for split in splits[1:]), splits[0].wanted)
    assert total.max() == 1
    assert total.nnz == world().positives.nnz


def test_data_without_times_is_cut_at_random() -> None:
    data = replace(world(), events=None)
    wanted = [split.wanted.nnz for split in inner_splits(data, "latest", 2, seed=0)]
    assert wanted == [split.wanted.nnz for split in inner_splits(data, "random", 2, seed=0)]


def test_the_data_are_unchanged() -> None:
    data = world()
    before = events_of(data).items.copy(), data.seen.copy()
    inner_splits(data, "latest", 3, seed=0)
    np.testing.assert_array_equal(events_of(data).items, before[0])
    assert (data.seen != before[1]).nnz == 0


def test_users_cut_short_keep_a_handful_and_are_asked_for_what_came_next() -> None:
    data = world()
    first = inner_splits(data, "latest", 1, seed=0)[0]
    splits = short_splits(data, 2, seed=0)
    assert len(splits) == 2
    asked = [set(np.flatnonzero(np.diff(split.wanted.indptr)).tolist()) for split in splits]
    assert not asked[0] & asked[1]
    when = {
        (u, i): s for u, i, s in zip(*(getattr(data.events, n) for n in ("users", "items", "seconds")), strict=True)
    }
    for split, users in zip(splits, asked, strict=True):
        known = events_of(split.known)
        sizes = np.bincount(known.users, minlength=len(data.user_ids))
        assert {int(size) for size in sizes[sorted(users)]} <= {1, 2, 4}
        assert split.wanted.multiply(first.wanted).nnz == 0
        assert split.wanted.multiply(split.known.seen).nnz == 0
        for user, item in zip(*split.wanted.nonzero(), strict=True):
            assert known.seconds[known.users == user].max() < when[user, item]


def test_data_without_times_cut_nobody_short() -> None:
    assert short_splits(replace(world(), events=None), 2, seed=0) == []
