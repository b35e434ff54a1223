"""Laws of the cuts inside training data, and what they protect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.interactions.prepared import prepare
from components.ranking.inner_split import inner_splits, short_splits
from components.recommenders.events import chosen, events_of, positions, with_events
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


def history(data: TrainingData, user: int) -> list[tuple[int, int]]:
    """Items with their times, in order."""
    events = events_of(data)
    own = events.users == user
    return list(zip(events.items[own].tolist(), events.seconds[own].tolist(), strict=True))


def test_strangers_are_cut_out_of_the_histories_of_users_who_are_gone() -> None:
    data = world()
    n_users = len(data.user_ids)
    splits = short_splits(data, 4, max_users=100, seed=0)
    models = []
    for split in splits:
        known = split.known
        strangers = range(n_users, len(known.user_ids))
        names = [known.user_ids[row].split(" as a stranger")[0] for row in strangers]
        assert [names.count(name) for name in set(names)] == [6] * 5
        taken = {data.user_ids.index(name) for name in names}
        models += sorted(taken)
        for user in range(n_users):
            assert history(known, user) == ([] if user in taken else history(data, user))
        for row, name in zip(strangers, names, strict=True):
            whole, own = history(data, data.user_ids.index(name)), history(known, row)
            start = whole.index(own[0])
            assert whole[start : start + len(own)] == own
            assert 1 <= len(own) <= 4
    assert sorted(models) == list(range(n_users))


def test_strangers_are_asked_for_what_their_models_liked_next_and_had_not_met() -> None:
    data = world()
    events, first = events_of(data), inner_splits(data, "latest", 1, seed=0)[0]
    liked = set(zip(*(each.tolist() for each in data.positives.nonzero()), strict=True))
    n_asked = 0
    for split in short_splits(data, 4, max_users=100, seed=0):
        for row, item in zip(*(each.tolist() for each in split.wanted.nonzero()), strict=True):
            model = data.user_ids.index(split.known.user_ids[row].split(" as a stranger")[0])
            when = min(second for each, second in history(data, model) if each == item)
            assert when > max(second for _, second in history(split.known, row))
            assert (model, item) in liked
            assert first.wanted[model, item] == 0
            n_asked += 1
    assert n_asked > len(events) / 4


def test_no_more_strangers_are_made_than_may_be_learnt_from() -> None:
    data = world()
    for split in short_splits(data, 2, max_users=12, seed=0):
        assert len(split.known.user_ids) == len(data.user_ids) + 12


def test_users_with_few_interactions_become_no_strangers() -> None:
    data = world()
    place, _ = positions(events_of(data))
    assert short_splits(with_events(data, chosen(events_of(data), place < 9)), 2, max_users=100, seed=0) == []


def test_data_without_times_have_no_strangers() -> None:
    assert short_splits(replace(world(), events=None), 2, max_users=100, seed=0) == []
