"""What a user did is told apart by how they came to it."""

from __future__ import annotations

import random
from dataclasses import replace

from components.shadow.ground_truth import judge_requests
from components.shadow.records import Interaction, LoggedRequest

DAY = 86_400.0
REQUEST = LoggedRequest(
    "r1", "anna", 100.0, ("a", "b", "c", "d", "e"), (5.0, 4.0, 3.0, 2.0, 1.0), ("a", "b"), n_known=3
)


def test_an_interaction_with_an_item_of_the_list_is_not_later_though_it_names_no_request() -> None:
    truth = judge_requests([REQUEST], [Interaction("anna", "a", 200.0)], {}, DAY)
    assert not truth.later
    assert truth.listed["r1"].relevant == truth.all["r1"].relevant == {"a"}


def test_an_interaction_that_names_any_request_is_not_later() -> None:
    truth = judge_requests([REQUEST], [Interaction("anna", "c", 200.0, "another")], {}, DAY)
    assert not truth.later
    assert truth.all["r1"].relevant == {"c"}


def test_an_item_that_another_list_showed_is_not_later() -> None:
    truth = judge_requests([REQUEST], [Interaction("anna", "c", 200.0)], {"anna": frozenset("c")}, DAY)
    assert not truth.later


def test_what_a_user_did_by_themselves_is_later() -> None:
    done = [Interaction("anna", "c", 200.0), Interaction("anna", "e", 300.0), Interaction("anna", "a", 300.0, "r1")]
    random.Random(0).shuffle(done)  # noqa: S311
    truth = judge_requests([REQUEST], done, {}, DAY)
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
    truth = judge_requests([REQUEST], done, {}, DAY)
    assert not (truth.later or truth.listed or truth.all or truth.explored)


def test_an_item_taken_from_a_random_position_weighs_the_inverse_of_its_propensity() -> None:
    request = replace(REQUEST, shown=("a", "d"), explored_item="d", propensity=0.05)
    taken = judge_requests([request], [Interaction("anna", "d", 200.0, "r1")], {}, DAY)
    assert (taken.explored["r1"].relevant, taken.explored["r1"].weight) == ({"d"}, 20.0)
    elsewhere = judge_requests([request], [Interaction("anna", "d", 200.0, "r2")], {}, DAY)
    assert not elsewhere.explored
