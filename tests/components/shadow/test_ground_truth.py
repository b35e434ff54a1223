"""What a user did is told apart by how they came to it."""

from __future__ import annotations

import random
from dataclasses import replace

from components.shadow.ground_truth import ShownList, judge_requests
from components.shadow.records import Interaction, LoggedRequest

DAY = 86_400.0
REQUEST = LoggedRequest(
    "r1", "anna", 100.0, ("a", "b", "c", "d", "e"), (5.0, 4.0, 3.0, 2.0, 1.0), ("a", "b"), n_known=3
)


def test_a_like_soon_after_a_list_that_showed_it_is_the_lists_though_it_names_no_request() -> None:
    truth = judge_requests([REQUEST], [Interaction("anna", "a", 200.0)], (), DAY, 1800.0)
    assert not truth.later
    assert truth.listed["r1"].relevant == truth.all["r1"].relevant == {"a"}
    much_later = judge_requests([REQUEST], [Interaction("anna", "a", 2000.0)], (), DAY, 1800.0)
    assert much_later.later["r1"].relevant == {"a"}


def test_an_interaction_that_names_any_request_is_not_later() -> None:
    truth = judge_requests([REQUEST], [Interaction("anna", "c", 200.0, "another")], (), DAY, 1800.0)
    assert not truth.later
    assert truth.all["r1"].relevant == {"c"}


def test_another_list_that_showed_the_item_counts_as_well() -> None:
    other = ShownList("anna", 150.0, frozenset("c"))
    truth = judge_requests([REQUEST], [Interaction("anna", "c", 200.0)], [other], DAY, 1800.0)
    assert not truth.later


def test_what_a_user_did_by_themselves_is_later() -> None:
    done = [Interaction("anna", "c", 200.0), Interaction("anna", "e", 300.0), Interaction("anna", "a", 300.0, "r1")]
    random.Random(0).shuffle(done)  # noqa: S311
    truth = judge_requests([REQUEST], done, (), DAY, 1800.0)
    assert truth.later["r1"].relevant == {"c", "e"}
    assert truth.all["r1"].relevant == {"a", "c", "e"}
    assert truth.later["r1"].weight == 1


def test_what_lies_before_the_request_after_the_horizon_or_beside_the_candidates_tells_nothing() -> None:
    done = [
        Interaction("anna", "c", 100.0),
        Interaction("anna", "c", 101.0 + DAY),
        Interaction("anna", "zebra", 200.0),
        Interaction("ben", "d", 200.0),
    ]
    truth = judge_requests([REQUEST], done, (), DAY, 1800.0)
    assert not (truth.later or truth.listed or truth.all or truth.explored)


def test_an_item_taken_from_a_random_position_weighs_the_inverse_of_its_propensity() -> None:
    request = replace(REQUEST, shown=("a", "d"), explored_item="d", propensity=0.05)
    taken = judge_requests([request], [Interaction("anna", "d", 200.0, "r1")], (), DAY, 1800.0)
    assert (taken.explored["r1"].relevant, taken.explored["r1"].weight) == ({"d"}, 20.0)
    elsewhere = judge_requests([request], [Interaction("anna", "d", 200.0, "r2")], (), DAY, 1800.0)
    assert not elsewhere.explored


def test_a_like_before_a_list_that_showed_it_is_not_the_lists() -> None:
    other = ShownList("anna", 250.0, frozenset("c"))
    truth = judge_requests([REQUEST], [Interaction("anna", "c", 200.0)], [other], DAY, 1800.0)
    assert truth.later["r1"].relevant == {"c"}
    assert not truth.listed


def test_what_was_taken_from_a_list_once_is_not_later_though_it_was_liked_again() -> None:
    twice = [
        Interaction("anna", "a", 200.0, "r1"),
        Interaction("anna", "a", 50_000.0),
        Interaction("anna", "c", 50_000.0),
    ]
    truth = judge_requests([REQUEST], twice, (), DAY, 1800.0)
    assert truth.later["r1"].relevant == {"c"}
    assert truth.listed["r1"].relevant == {"a"}
