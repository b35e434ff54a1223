"""Which events count for which request."""

from __future__ import annotations

import numpy as np

from components.quality.relevance import Horizon, engage
from tests.components.quality.worlds import make_feedback, make_requests

HORIZON = Horizon(seconds=60.0, min_rating=4.0, min_dwell_seconds=30.0)
AT_ONCE = Horizon(seconds=0.0, min_rating=4.0, min_dwell_seconds=30.0)


def test_an_item_that_was_clicked_is_a_hit_where_it_stood() -> None:
    requests = make_requests([(100.0, 0, [5, 6, 7])])
    found = engage(requests, make_feedback([(110.0, 0, 6, "click", None, 0)]), HORIZON)
    assert np.flatnonzero(found.hits[0]).tolist() == [1]
    assert found.n_relevant.tolist() == [1]
    assert found.clicks.tolist() == [1]


def test_what_the_user_found_elsewhere_is_relevant_too() -> None:
    requests = make_requests([(100.0, 0, [5, 6, 7])])
    found = engage(requests, make_feedback([(110.0, 0, 99, "rating", 5.0, None)]), HORIZON)
    assert not found.hits.any()
    assert found.n_relevant.tolist() == [1]


def test_views_low_ratings_and_short_dwells_are_not_relevant() -> None:
    requests = make_requests([(100.0, 0, [5, 6, 7])])
    events = [(101.0, 0, 5, "view", None, 0), (102.0, 0, 6, "rating", 3.5, 0), (103.0, 0, 7, "dwell", 29.0, 0)]
    assert engage(requests, make_feedback(events), HORIZON).n_relevant.tolist() == [0]


def test_an_item_counts_once_however_often_it_is_liked() -> None:
    requests = make_requests([(100.0, 0, [5])])
    events = [(101.0, 0, 5, "click", None, 0), (102.0, 0, 5, "click", None, 0), (103.0, 0, 5, "rating", 5.0, None)]
    found = engage(requests, make_feedback(events), HORIZON)
    assert (found.n_relevant.tolist(), found.clicks.tolist()) == ([1], [1])


def test_events_before_the_request_after_the_horizon_or_of_others_do_not_count() -> None:
    requests = make_requests([(100.0, 0, [5])])
    events = [
        (99.9, 0, 5, "click", None, None),
        (160.1, 0, 5, "click", None, None),
        (160.1, 0, 5, "click", None, 0),
        (110.0, 1, 5, "click", None, None),
    ]
    assert engage(requests, make_feedback(events), HORIZON).n_relevant.tolist() == [0]


def test_without_a_horizon_only_events_that_name_the_request_count_whenever_they_come() -> None:
    requests = make_requests([(100.0, 0, [5, 6])])
    events = [(100.0, 0, 5, "click", None, None), (9_000.0, 0, 6, "click", None, 0)]
    found = engage(requests, make_feedback(events), AT_ONCE)
    assert np.flatnonzero(found.hits[0]).tolist() == [1]


def test_a_click_that_names_a_request_is_a_click_on_that_one_only_but_relevant_for_both() -> None:
    requests = make_requests([(100.0, 0, [5]), (120.0, 0, [5])])
    found = engage(requests, make_feedback([(130.0, 0, 5, "click", None, 1)]), HORIZON)
    assert found.clicks.tolist() == [0, 1]
    assert found.n_relevant.tolist() == [1, 1]


def test_a_purchase_from_the_list_converts_and_one_of_something_else_does_not() -> None:
    requests = make_requests([(100.0, 0, [5]), (100.0, 1, [6])])
    events = [(110.0, 0, 5, "purchase", 9.5, None), (110.0, 1, 7, "purchase", 3.0, 1)]
    found = engage(requests, make_feedback(events), HORIZON)
    assert (found.bought.tolist(), found.spent.tolist(), found.bought_items.tolist()) == ([0], [9.5], [5])


def test_no_requests_and_no_feedback_are_an_empty_answer() -> None:
    found = engage(make_requests([]), make_feedback([]), HORIZON)
    assert found.hits.shape == (0, 10)
    found = engage(make_requests([(1.0, 0, [1])]), make_feedback([]), HORIZON)
    assert found.n_relevant.tolist() == [0]


def test_many_users_at_once_agree_with_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    rows = sorted(
        (float(at), int(user), rng.permutation(30)[:10].tolist())
        for at, user in zip(rng.uniform(0, 1000, 300), rng.integers(0, 20, 300), strict=True)
    )
    events = []
    for at, user, item in zip(
        rng.uniform(0, 1000, 400), rng.integers(0, 20, 400), rng.integers(0, 30, 400), strict=True
    ):
        theirs = [place for place, row in enumerate(rows) if row[1] == user and row[0] <= at]
        names = theirs[-1] if theirs and rng.random() < 0.5 else None
        events.append((float(at), int(user), int(item), "click", None, names))
    found = engage(make_requests(rows), make_feedback(events), HORIZON)
    for place, (at, user, items) in enumerate(rows):
        liked = {e[2] for e in events if at <= e[0] <= at + 60 and (e[1] == user or e[5] == place)}
        assert found.n_relevant[place] == len(liked)
        assert found.hits[place].tolist() == [item in liked for item in items]


def test_the_end_of_the_horizon_and_the_thresholds_themselves_count() -> None:
    requests = make_requests([(100.0, 0, [5, 6, 7])])
    events = [
        (160.0, 0, 5, "click", None, None),
        (110.0, 0, 6, "rating", 4.0, None),
        (111.0, 0, 7, "dwell", 30.0, None),
    ]
    assert engage(requests, make_feedback(events), HORIZON).n_relevant.tolist() == [3]
