"""The sample of an evaluation is the same each time, grows without change, and holds few requests of one user."""

from __future__ import annotations

import random
from collections import Counter

from components.shadow.records import LoggedRequest
from components.shadow.sampling import sample_requests, shuffled_order

LOG = [LoggedRequest(f"r{n}", f"u{n % 7}", float(n), (), (), ()) for n in range(100)]


def test_the_sample_does_not_depend_on_the_order_of_the_log() -> None:
    mixed = random.Random(0).sample(LOG, len(LOG))  # noqa: S311
    assert sample_requests(LOG, "e1", 10, 3) == sample_requests(mixed, "e1", 10, 3)


def test_a_larger_sample_holds_the_smaller_one_first() -> None:
    assert sample_requests(LOG, "e1", 20, 3)[:10] == sample_requests(LOG, "e1", 10, 3)


def test_another_evaluation_draws_anew() -> None:
    assert sample_requests(LOG, "e1", 10, 3) != sample_requests(LOG, "e2", 10, 3)


def test_no_user_has_more_requests_than_allowed() -> None:
    assert Counter(one.user_id for one in sample_requests(LOG, "e1", 100, 3)) == {f"u{n}": 3 for n in range(7)}


def test_a_shuffled_order_is_a_permutation_of_its_own_for_each_request() -> None:
    assert sorted(shuffled_order("e1", "r1", 9)) == list(range(9))
    assert shuffled_order("e1", "r1", 9) == shuffled_order("e1", "r1", 9) != shuffled_order("e1", "r2", 9)
