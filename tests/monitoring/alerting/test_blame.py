"""For whom a quality fell, and which release the fall came with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.quality.log import Group
from components.quality.sums import Sums
from components.quality.window import BUCKETS
from monitoring.alerting.blame import ReleaseChange, came_with, explain, share_explained
from tests.components.quality.worlds import GROUP

HOUR = 3600.0


def sums(requests: float, mean: float) -> Sums:
    counts, gains = np.zeros(BUCKETS), np.zeros(BUCKETS)
    counts[0], gains[0] = requests, requests * mean
    return Sums(requests=counts, ndcg=gains)


def answered_by(*releases: str) -> dict[Group, Sums]:
    return {GROUP._replace(release_id=release): sums(100.0, 0.1) for release in releases}


def test_the_part_that_most_of_the_fall_comes_from_is_named_not_the_one_that_fell_deepest() -> None:
    """A twentieth of the requests lost all of .2, which is .01; nine tenths lost .1, which is nine tenths of it."""
    parts = {"cf": (900.0, 0.2, 0.1), "popularity": (50.0, 0.2, 0.0), "content": (50.0, 0.2, 0.2)}
    groups = {name: GROUP._replace(route=name) for name in parts}
    before = {groups[name]: sums(requests, then) for name, (requests, then, _) in parts.items()}
    after = {groups[name]: sums(requests, now) for name, (requests, _, now) in parts.items()}
    found = explain(after, before)
    assert found is not None
    assert (found.dimension, found.value) == ("route", "popularity")
    assert found.share_of_fall == pytest.approx(0.1)
    assert found.share_of_requests == pytest.approx(0.05)
    whole = {**parts, "popularity": (20.0, 0.2, 0.0), "content": (80.0, 0.2, 0.2)}
    before = {groups[name]: sums(3 * requests, then) for name, (requests, then, _) in whole.items()}
    after = {groups[name]: sums(3 * requests, now) for name, (requests, _, now) in whole.items()}
    found = explain(after, before)
    assert found is not None
    assert (found.dimension, found.value) == ("route", "cf")


BEFORE = {GROUP._replace(release_id="old"): sums(1000.0, 0.2)}


@pytest.mark.parametrize(
    ("at", "blamed"), [(-1.0, False), (0.0, True), (HOUR, True), (2 * HOUR - 1, True), (2 * HOUR, False)]
)
def test_a_release_of_the_first_fallen_window_or_the_one_before_is_blamed(at: float, blamed: bool) -> None:
    change = ReleaseChange("new", "old", at)
    assert (came_with(HOUR, HOUR, [answered_by("new")], BEFORE, [change]) == change) is blamed


def test_a_release_that_does_not_answer_is_not_blamed() -> None:
    assert came_with(HOUR, HOUR, [answered_by("old")], BEFORE, [ReleaseChange("new", "old", HOUR)]) is None


def test_a_release_is_blamed_by_the_share_of_the_fall_that_lies_in_its_answers() -> None:
    new, old = (GROUP._replace(release_id=release) for release in ("new", "old"))
    change = ReleaseChange("new", "old", HOUR)
    most = came_with(HOUR, HOUR, [{new: sums(300.0, 0.1), old: sums(700.0, 0.19)}], BEFORE, [change])
    assert most is not None
    assert most.share_of_fall == pytest.approx(30 / 37)
    assert came_with(HOUR, HOUR, [{new: sums(300.0, 0.1), old: sums(700.0, 0.1)}], BEFORE, [change]) is None
    assert came_with(HOUR, HOUR, [{new: sums(300.0, 0.2), old: sums(700.0, 0.1)}], BEFORE, [change]) is None


def test_more_cold_users_among_a_release_are_no_fault_of_it() -> None:
    cold = {GROUP._replace(release_id="old", segment="cold"): sums(1000.0, 0.05)}
    usual = {GROUP._replace(release_id="old", segment="warm"): sums(1000.0, 0.2), **cold}
    fallen = {
        GROUP._replace(release_id="new", segment="cold"): sums(500.0, 0.05),
        GROUP._replace(release_id="old", segment="warm"): sums(500.0, 0.1),
    }
    assert share_explained("new", [fallen], usual) == pytest.approx(0.0)
    assert share_explained("old", [fallen], usual) == pytest.approx(1.0)


def test_of_several_changes_the_last_that_explains_it_is_blamed() -> None:
    changes = [ReleaseChange("one", "old", HOUR), ReleaseChange("two", "one", HOUR + 60)]
    both = [answered_by("one", "two")]
    assert came_with(HOUR, HOUR, both, BEFORE, changes) == replace(changes[1], share_of_fall=0.5)
    assert came_with(HOUR, HOUR, [answered_by("one")], BEFORE, changes) == changes[0]


def by_route(**parts: tuple[float, float]) -> dict[Group, Sums]:
    return {GROUP._replace(route=name): sums(requests, mean) for name, (requests, mean) in parts.items()}


def test_the_named_part_says_its_means_and_its_shares() -> None:
    before = by_route(cf=(60.0, 0.4), content=(40.0, 0.2))
    found = explain(by_route(cf=(30.0, 0.1), content=(90.0, 0.1)), before)
    assert found is not None
    # cf lost .3 of 30 requests, content .1 of 90: half each, and cf has a quarter of the requests.
    assert (found.value, found.before, found.after) == ("cf", pytest.approx(0.4), pytest.approx(0.1))
    assert found.share_of_fall == pytest.approx(0.5)
    assert found.share_of_requests == pytest.approx(0.25)


@pytest.mark.parametrize("side", ["now", "then"])
def test_a_part_of_fewer_than_thirty_requests_is_no_part(side: str) -> None:
    for requests, named in ((30.0, True), (29.0, False)):
        now, then = (requests, 100.0) if side == "now" else (100.0, requests)
        before = by_route(cf=(100.0, 0.2), content=(then, 0.2))
        found = explain(by_route(cf=(100.0, 0.2), content=(now, 0.1)), before)
        assert (found is not None) is named


def test_nothing_is_named_where_nothing_fell_or_all_is_of_one_kind() -> None:
    same = by_route(cf=(100.0, 0.2), content=(100.0, 0.2))
    assert explain(same, same) is None
    assert explain(by_route(cf=(100.0, 0.3), content=(100.0, 0.2)), same) is None
    assert explain(by_route(cf=(100.0, 0.1)), by_route(cf=(100.0, 0.2))) is None
    assert explain({}, same) is None


def test_a_part_that_rose_is_not_named_and_a_small_fall_is_explained_like_a_large_one() -> None:
    before = by_route(cf=(100.0, 0.002), content=(100.0, 0.002), popularity=(100.0, 0.002))
    after = by_route(cf=(100.0, 0.001), content=(100.0, 0.0025), popularity=(100.0, 0.002))
    found = explain(after, before)
    assert found is not None
    assert (found.value, found.share_of_fall) == ("cf", pytest.approx(2.0))


def test_users_without_a_reference_and_a_rise_explain_nothing() -> None:
    new = GROUP._replace(release_id="new")
    unknown = GROUP._replace(release_id="new", segment="unknown")
    fallen = {new: sums(100.0, 0.1), unknown: sums(900.0, 0.0)}
    assert share_explained("new", [fallen], BEFORE) == pytest.approx(1.0)
    assert share_explained("new", [{new: sums(100.0, 0.3)}], BEFORE) == 0.0
    assert share_explained("new", [{new: sums(100.0, 0.2)}], BEFORE) == 0.0
    assert share_explained("new", [], BEFORE) == 0.0
    empty = {GROUP._replace(release_id="old"): sums(0.0, 0.0)}
    assert share_explained("new", [{new: sums(100.0, 0.1)}], empty) == 0.0


def test_a_release_with_half_of_the_fall_is_blamed_and_with_less_it_is_not() -> None:
    new, old = (GROUP._replace(release_id=release) for release in ("new", "old"))
    change = ReleaseChange("new", "old", HOUR)
    for others, blamed in ((100.0, True), (101.0, False)):
        fallen = [{new: sums(100.0, 0.125), old: sums(others, 0.125)}]
        quarter = {GROUP._replace(release_id="old"): sums(1000.0, 0.25)}
        assert (came_with(HOUR, HOUR, fallen, quarter, [change]) is not None) is blamed
