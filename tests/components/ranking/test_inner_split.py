"""Laws of the cuts inside training data, and what they protect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.interactions.prepared import prepare
from components.ranking.inner_split import InnerSplit, inner_splits, short_splits
from components.recommenders.events import chosen, events_of, positions, with_events
from components.recommenders.protocol import Events, TrainingData
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


def repeating(n_users: int = 24, n_each: int = 30) -> TrainingData:
    """Users who meet what they have met before now and then, and like most of it."""
    rng = np.random.default_rng(3)
    events = Events(
        np.repeat(np.arange(n_users, dtype=np.int32), n_each),
        rng.integers(0, 25, n_users * n_each).astype(np.int32),
        np.ones(n_users * n_each, np.float32),
        rng.random(n_users * n_each) < 0.7,
        np.tile(np.arange(n_each) * 3600, n_users),
    )
    empty = csr_array((n_users, 25), dtype=np.float32)
    ids = tuple(map(str, range(n_users))), tuple(map(str, range(25)))
    return with_events(TrainingData(*ids, empty, empty, ((),) * 25), events)


def history(data: TrainingData, user: int) -> list[tuple[int, int]]:
    """Items with their times, in order."""
    events = events_of(data)
    own = events.users == user
    return list(zip(events.items[own].tolist(), events.seconds[own].tolist(), strict=True))


def cold_users_of(data: TrainingData, split: InnerSplit) -> dict[int, list[int]]:
    """By user, the rows of the synthetic cold users that were cut out of their history, in order."""
    found: dict[int, list[int]] = {}
    for row in range(len(data.user_ids), len(split.known.user_ids)):
        name = split.known.user_ids[row].split(" as a synthetic cold user")[0]
        found.setdefault(data.user_ids.index(name), []).append(row)
    return found


def asked_of(split: InnerSplit, row: int) -> set[int]:
    return set(split.wanted[[row]].indices.tolist())


@pytest.mark.parametrize("data", [world(), repeating()])
def test_three_synthetic_cold_users_take_the_place_of_each_user_who_is_gone(data: TrainingData) -> None:
    gone: list[int] = []
    for split in short_splits(data, 4, max_users=100, seed=0):
        cold_users = cold_users_of(data, split)
        assert {len(rows) for rows in cold_users.values()} == {3}
        for user in range(len(data.user_ids)):
            assert history(split.known, user) == ([] if user in cold_users else history(data, user))
        gone += cold_users
    assert sorted(gone) == list(range(len(data.user_ids)))


@pytest.mark.parametrize("data", [world(), repeating()])
def test_a_synthetic_cold_user_has_the_first_of_a_stretch_and_is_asked_for_what_is_new_in_the_rest(
    data: TrainingData,
) -> None:
    n_seen = set()
    for split in short_splits(data, 4, max_users=100, seed=0):
        for user, rows in cold_users_of(data, split).items():
            whole = history(data, user)
            edges = [int(np.ceil(0.8 * len(whole))) * place // 3 for place in range(4)]
            known_by_any = {item for row in rows for item, _ in history(split.known, row)}
            for row, start, stop in zip(rows, edges, edges[1:], strict=False):
                own = history(split.known, row)
                left = len(own)
                n_seen.add(left)
                assert own == whole[start : start + left]
                new = {item for item, _ in whole[start + left : stop]} - {item for item, _ in whole[: start + left]}
                liked = {
                    item
                    for place in range(start + left, stop)
                    for item in [whole[place][0]]
                    if events_of(data).liked[events_of(data).users == user][place]
                }
                assert asked_of(split, row) == (new & liked) - known_by_any
    assert n_seen <= {1, 2, 3, 4}
    assert {1, 2} <= n_seen


@pytest.mark.parametrize("data", [world(), repeating()])
def test_no_synthetic_cold_user_knows_what_another_of_the_same_user_is_asked_for(data: TrainingData) -> None:
    n_asked = 0
    for split in short_splits(data, 4, max_users=100, seed=0):
        for rows in cold_users_of(data, split).values():
            known = {item for row in rows for item, _ in history(split.known, row)}
            for row in rows:
                assert not known & asked_of(split, row)
                n_asked += len(asked_of(split, row))
    assert n_asked > 50


def test_synthetic_cold_users_are_asked_for_nothing_that_the_first_cut_asks_for() -> None:
    data = world()
    first = inner_splits(data, "latest", 1, seed=0)[0]
    for split in short_splits(data, 4, max_users=100, seed=0):
        for user, rows in cold_users_of(data, split).items():
            assert not {item for row in rows for item in asked_of(split, row)} & asked_of(first, user)


def test_no_more_synthetic_cold_users_are_made_than_may_be_learnt_from() -> None:
    data = world()
    for split in short_splits(data, 2, max_users=12, seed=0):
        assert len(split.known.user_ids) == len(data.user_ids) + 12
        assert len(cold_users_of(data, split)) == 4


@pytest.mark.parametrize(("n_each", "n_splits"), [(9, 0), (10, 2)])
def test_users_with_few_interactions_become_no_synthetic_cold_users(n_each: int, n_splits: int) -> None:
    data = world()
    place, _ = positions(events_of(data))
    short = with_events(data, chosen(events_of(data), place < n_each))
    assert len(short_splits(short, 2, max_users=100, seed=0)) == n_splits


def test_data_without_times_have_no_synthetic_cold_users() -> None:
    assert short_splits(replace(world(), events=None), 2, max_users=100, seed=0) == []
