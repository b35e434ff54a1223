"""What a history's moment knows: nothing that happens later changes it, and nobody's name does."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from scipy.sparse import csr_array

from components.ranking.era import EraTransitions
from components.ranking.features import FeatureMaker
from components.ranking.item_log import DAY, ItemLog
from components.ranking.label_log import LabelLog
from components.ranking.places import PlaceTables
from components.recommenders.events import events_of
from components.recommenders.history import NO_HISTORY, Histories, History
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
    items, history = np.array([2, 3, 4], np.int32), Histories(events_of(data), 2).of(0)
    return FeatureMaker(data).table(history, items, {"some": np.zeros(3, np.float32)})


def test_counts_are_those_before_the_moment() -> None:
    log, everything = ItemLog(events_of(world()), 5), np.arange(5)
    np.testing.assert_array_equal(log.known(everything, 10 * DAY), [1, 1, 0, 0, 0])
    then = log.then(everything, 100 * DAY)
    np.testing.assert_array_equal(then.known, [1, 2, 1, 0, 0])
    np.testing.assert_array_equal(then.lately[0], [0, 0, 0, 0, 0])
    np.testing.assert_array_equal(then.latest, [1 * DAY, 10 * DAY, 50 * DAY, -np.inf, -np.inf])
    np.testing.assert_array_equal(log.first, [DAY, 5 * DAY, 50 * DAY, 100 * DAY, np.inf])


def test_a_moment_after_all_data_is_that_of_the_last_interaction() -> None:
    log, everything = ItemLog(events_of(world()), 5), np.arange(5)
    np.testing.assert_array_equal(log.known(everything, 9000 * DAY), log.known(everything, 100 * DAY))


def test_what_is_worked_out_once_for_the_last_moment_is_what_a_longer_log_counts_for_it() -> None:
    shorter, longer = ItemLog(events_of(world()), 5), ItemLog(events_of(world(extra=[(1, 4, 400)])), 5)
    items = np.array([3, 0, 2], np.int32)
    known, counted = shorter.then(items, 100 * DAY), longer.then(items, 100 * DAY)
    for field in fields(known):
        np.testing.assert_array_equal(getattr(known, field.name), getattr(counted, field.name), err_msg=field.name)
    np.testing.assert_array_equal(shorter.known(items, 100 * DAY), longer.known(items, 100 * DAY))


def test_labels_are_counted_anew_for_another_moment() -> None:
    data = world()
    log = ItemLog(events_of(data), 5)
    labels = LabelLog(data.item_labels, events_of(data), log.start, log.span)  # war, comedy, drama
    for _ in range(2):
        np.testing.assert_array_equal(labels.usual(log.clipped(6 * DAY)), [1, 0, 2])
        np.testing.assert_array_equal(labels.usual(log.clipped(60 * DAY)), [3, 0, 3])


def test_a_table_of_places_forgets_those_who_asked_before() -> None:
    tables = PlaceTables(6)
    for items in ([4, 1], [1, 5, 0]):
        with tables.of(np.array(items, np.int32)) as places:
            hits, found = places.among(np.array([0, 1, 4, 1, 5], np.int32))
        assert [(int(hit), int(place)) for hit, place in zip(hits, found, strict=True)] == [
            (at, items.index(row)) for at, row in enumerate([0, 1, 4, 1, 5]) if row in items
        ]


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
    assert features_of_the_first_user(world(extra=[(1, 4, 3)]))["age of item in days"][2] == 7


def test_without_times_there_is_one_moment_that_knows_all() -> None:
    untimed = replace(world(), events=None)
    log = ItemLog(events_of(untimed), 5)
    assert not log.dated
    np.testing.assert_array_equal(log.known(np.arange(5), 0), [1, 2, 1, 1, 0])
    assert not any("days" in name for name in features_of_the_first_user(untimed))


def test_year_and_price_are_held_against_the_users_own() -> None:
    table = features_of_the_first_user(world())
    np.testing.assert_allclose(table["year: against own mean"], [2000 - 1992.5, 2005 - 1992.5, np.nan])
    np.testing.assert_allclose(table["price: against own mean"], [np.nan, -5, -3])


def test_what_follows_is_counted_before_the_users_moment_and_fades_with_time() -> None:
    events = events_of(world(extra=[(1, 2, 8)]))  # user 1 turns from item 1 to item 2 on day 8, and again later
    everything, history = np.arange(5, dtype=np.int32), Histories(events, 2).of(0)
    with PlaceTables(5).of(everything) as places:
        follows = EraTransitions(events, 5).follows(history, 10.0 * DAY, everything, places, [100.0 * DAY])
    # User 0 turned from 0 to 1 on day 10, which is not before that moment.
    np.testing.assert_allclose(follows, [[0, 0, np.exp(-2 / 100), 0, 0]], rtol=1e-6)


def test_a_user_without_history_is_followed_by_nothing() -> None:
    everything = np.arange(5, dtype=np.int32)
    with PlaceTables(5).of(everything) as places:
        follows = EraTransitions(events_of(world()), 5).follows(NO_HISTORY, 1e9, everything, places, [DAY])
    assert not follows.any()


def test_equal_histories_give_equal_features_to_the_last_bit() -> None:
    """A stranger who did what a known user did, their first part brought by the store, is that user to the ranker."""
    data = world(extra=[(0, 2, 11), (0, 3, 12)])
    maker, known = FeatureMaker(data), Histories(events_of(data), 2).of(0)
    items = np.array([4, 2], np.int32)
    stranger = History(known.items.copy(), known.values.copy(), known.liked.copy(), known.seconds.copy())
    scores = {"some": np.array([0.3, 0.1], np.float32)}
    tables = [maker.table(history, items, scores) for history in (known, stranger, known)]
    for table in tables[1:]:
        for name, values in table.items():
            assert values.tobytes() == tables[0][name].tobytes(), name
