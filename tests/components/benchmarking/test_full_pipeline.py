"""The pipeline of a comparison is made of what measured well, as far as its time reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.benchmarking.full_pipeline import Candidate, full_pipeline
from components.ranking.inner_split import FOLDS
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.nearby_items import NearbyItemsConfig
from components.recommenders.needs import Size
from components.recommenders.protocol import Task
from components.recommenders.spectral import SpectralConfig

TASK = Task(in_order=True, timed=False, described=False, embedded=False)
SIZE = Size(1_000, 1_000, 10_000, 1e5, 1e5)
MEASURED = [
    Candidate(SpectralConfig(), 0.01, 0.1),
    Candidate(ItemToItemConfig(), 0.04, 0.1),
    Candidate(NearbyItemsConfig(), 0.06, 0.2),
    Candidate(EaseConfig(), 0.05, 50.0),
]


def kinds(seconds: float) -> list[str]:
    return [each.kind for each in full_pipeline(TASK, MEASURED, SIZE, 1_000, seconds, 2, True).config.generators]


def test_without_a_bound_every_kind_that_is_not_weak_is_in_it_the_best_first() -> None:
    found = kinds(float("inf"))
    assert found[:3] == ["nearby_items", "ease", "item_to_item"]
    assert "spectral" not in found


def test_what_takes_too_long_is_left_out_and_something_always_stays() -> None:
    assert set(kinds(100)) == {"nearby_items", "item_to_item"}
    assert kinds(0.01) == ["nearby_items"]


@pytest.mark.parametrize(("users", "seconds", "judged"), [(5_000, 1e4, 5_000), (10_000_000, 100, 1_000)])
def test_as_many_are_judged_as_the_time_allows(users: int, seconds: float, judged: int) -> None:
    plan = full_pipeline(TASK, MEASURED, SIZE, users, seconds, 2, True)
    assert judged <= plan.n_judged <= users
    assert (plan.n_judged == users) == (users == 5_000)


def test_a_ranker_of_every_cut_that_judges_in_turn_is_planned_for() -> None:
    between = replace(TASK, in_order=False)
    few = Size(100_000, 1_000, 1_000_000, 1e7, 1e7)
    once, in_turn = (full_pipeline(between, MEASURED[:3], few, 1, 30, 2, twice).config for twice in (False, True))
    assert once.generators == in_turn.generators
    assert in_turn.max_examples < 0.6 * once.max_examples


def test_where_what_lies_between_is_asked_for_whole_histories_of_all_quarters_teach() -> None:
    between, onward = (
        full_pipeline(replace(TASK, in_order=in_order), MEASURED, SIZE, 1_000, float("inf"), 2, True).config
        for in_order in (False, True)
    )
    assert (between.inner, between.n_splits, between.cut_share) == ("random", FOLDS, 0)
    assert (onward.inner, onward.cut_share > 0) == ("latest", True)
