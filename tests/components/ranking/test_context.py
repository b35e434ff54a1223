"""What a user's moment knows: nothing that happens later changes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from components.ranking.context import DAY, context_of
from components.ranking.era import EraTransitions
from components.ranking.features import FeatureMaker
from components.recommenders.events import events_of
from components.recommenders.protocol import Events, TrainingData


def world(extra: list[tuple[int, int, int]] = []) -> TrainingData:  # noqa: B006 never changed
    """User 0 is done on day 10; user 1 goes on to day 100. `extra` adds (user, item, day)."""
    rows = sorted([(0, 0, 1), (0, 1, 10), (1, 1, 5), (1, 2, 50), (1, 3, 100), *extra], key=lambda row: (row[0], row[2]))
    users, items, days = (np.array(column) for column in zip(*rows, strict=True))
    events = Events(
        users.astype(np.int32),
        items.astype(np.int32),
        np.full(len(rows), 5, np.float32),
        np.ones(len(rows), bool),
        days * DAY,
    )
    seen = csr_array((np.ones(len(rows), np.float32), (users, items)), shape=(2, 5))
    seen.sum_duplicates()
    seen.data[:] = 1
    labels = (("drama",), ("drama", "war"), ("war",), ("comedy",), ("comedy", "war"))
    numbers = np.array([[1990, 5], [1995, 7], [2000, np.nan], [2005, 1], [np.nan, 3]], np.float32)
    return TrainingData(("a", "b"), tuple("vwxyz"), seen, seen, labels, events=events, item_numbers=numbers)


def features_of_the_first_user(data: TrainingData) -> dict[str, np.ndarray]:
    items = np.array([[2, 3, 4]], np.int32)
    return FeatureMaker(data).table(np.array([0]), items, {"some": np.zeros(items.shape, np.float32)})


def test_counts_are_those_before_the_users_last_interaction() -> None:
    context = context_of(world())
    np.testing.assert_array_equal(context.known[context.moment[0]], [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(context.known[context.moment[1]], [1, 2, 1, 0, 0])
    np.testing.assert_array_equal(context.lately[0][context.moment[1]], [0, 0, 0, 0, 0])


def test_what_others_do_later_changes_no_feature() -> None:
    before = features_of_the_first_user(world())
    after = features_of_the_first_user(world(extra=[(1, 4, 60), (1, 4, 70), (1, 0, 99)]))
    for name in before:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_the_guard_notices_a_planted_future_interaction() -> None:
    before = features_of_the_first_user(world())
    planted = features_of_the_first_user(world(extra=[(1, 4, 2), (1, 2, 3)]))
    assert any(not np.array_equal(planted[name], before[name], equal_nan=True) for name in before)


def test_an_item_not_yet_met_has_no_age() -> None:
    age = features_of_the_first_user(world())["age of item in days"]
    assert np.isnan(age).all()
    assert features_of_the_first_user(world(extra=[(1, 4, 3)]))["age of item in days"][0, 2] == 7


def test_without_times_there_is_one_moment_that_knows_all() -> None:
    context = context_of(replace(world(), events=None))
    assert context.lately == ()
    np.testing.assert_array_equal(context.known, [[1, 2, 1, 1, 0]])


def test_year_and_price_are_held_against_the_users_own() -> None:
    table = features_of_the_first_user(world())
    np.testing.assert_allclose(table["year: against own mean"][0], [2000 - 1992.5, 2005 - 1992.5, np.nan])
    np.testing.assert_allclose(table["price: against own mean"][0], [np.nan, -5, -3])


def test_what_follows_is_counted_before_the_users_moment_and_fades_with_time() -> None:
    events = events_of(world(extra=[(1, 2, 8)]))  # user 1 turns from item 1 to item 2 on day 8, and again later
    follows = EraTransitions(events, 5).follows(0, 10.0 * DAY, np.arange(5, dtype=np.int32), 100.0 * DAY)
    # User 0 turned from 0 to 1 on day 10, which is not before that moment.
    np.testing.assert_allclose(follows, [0, 0, np.exp(-2 / 100), 0, 0], rtol=1e-6)


def test_a_user_without_history_is_followed_by_nothing() -> None:
    assert not EraTransitions(events_of(world()), 5).follows(7, 1e9, np.arange(5, dtype=np.int32), DAY).any()
