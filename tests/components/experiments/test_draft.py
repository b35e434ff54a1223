"""Two rankings in one list: nobody is favoured, and clicks are credited to whom they belong."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.experiments.draft import NOBODY, DraftedList, coin_of, draft_list

ITEMS = [f"i{place}" for place in range(12)]
rankings = st.permutations(ITEMS).flatmap(lambda order: st.integers(0, 12).map(lambda n: order[:n]))


@given(first=rankings, second=rankings, k=st.integers(0, 15), seed=st.integers(0, 2**32 - 1))
def test_a_list_holds_items_of_the_rankings_once_each_and_is_as_long_as_they_allow(
    first: list[str], second: list[str], k: int, seed: int
) -> None:
    drafted = draft_list(first, second, k, np.random.default_rng(seed).random)
    assert len(set(drafted.items)) == len(drafted.items) == min(k, len({*first, *second}))
    assert set(drafted.items) <= {*first, *second}
    for item, team in zip(drafted.items, drafted.placed_by, strict=True):
        assert team == NOBODY or item in (first, second)[team]


@given(first=rankings, second=rankings, seed=st.integers(0, 2**32 - 1))
def test_each_ranking_sees_its_best_items_in_its_own_order(first: list[str], second: list[str], seed: int) -> None:
    drafted = draft_list(first, second, 6, np.random.default_rng(seed).random)
    for team, ranking in enumerate((first, second)):
        own = [item for item, by in zip(drafted.items, drafted.placed_by, strict=True) if by == team]
        assert own == sorted(own, key=ranking.index)


def test_what_both_place_alike_is_nobodys() -> None:
    drafted = draft_list(["a", "b", "c"], ["a", "c", "b"], 3, np.random.default_rng(0).random)
    assert (drafted.items[0], drafted.placed_by[0]) == ("a", NOBODY)
    assert sorted(drafted.placed_by[1:]) == [0, 1]
    same = draft_list(ITEMS, ITEMS, 10, np.random.default_rng(0).random)
    assert same == DraftedList(tuple(ITEMS[:10]), (NOBODY,) * 10)


def test_swapped_rankings_under_the_other_coin_give_the_same_list_with_the_names_swapped() -> None:
    """So whatever people click, neither name is favoured."""
    first, second = ITEMS, ITEMS[::-1]
    lists = {team: set() for team in (0, 1)}  # type: ignore[var-annotated]
    for seed in range(200):
        lists[0].add(draft_list(first, second, 4, np.random.default_rng(seed).random))
        swapped = draft_list(second, first, 4, np.random.default_rng(seed).random)
        lists[1].add(DraftedList(swapped.items, tuple(1 - team for team in swapped.placed_by)))
    assert lists[0] == lists[1]


def test_a_click_is_credited_once_and_to_whom_placed_the_item() -> None:
    drafted = DraftedList(("a", "b", "c", "d"), (NOBODY, 0, 1, 1))
    assert drafted.credit(["b", "b", "c", "d", "a", "elsewhere"]) == (1, 2)


def test_the_coin_is_thrown_again_alike_for_the_request_and_anew_for_another_or_another_experiment() -> None:
    throws = {key: coin_of(*key)() for key in (("a", "r1"), ("a", "r2"), ("b", "r1"))}
    assert len(set(throws.values())) == 3
    assert draft_list(ITEMS, ITEMS[::-1], 6, coin_of("a", "r1")) == draft_list(
        ITEMS, ITEMS[::-1], 6, coin_of("a", "r1")
    )
    began = sum(coin_of("a", f"r{n}")() < 0.5 for n in range(10_000))
    assert abs(began - 5_000) < 4 * 50


def test_half_of_what_the_coin_can_throw_lets_the_first_begin() -> None:
    for thrown, began in ((0.0, 0), (0.499, 0), (0.5, 1), (0.999, 1)):
        drafted = draft_list(ITEMS, ITEMS[::-1], 4, lambda thrown=thrown: thrown)  # type: ignore[misc]
        assert drafted.placed_by == (began, 1 - began) * 2


def test_who_has_no_item_left_passes() -> None:
    assert draft_list(["a"], ["b", "c", "d"], 4, lambda: 0.0).placed_by == (0, 1, 1, 1)
    assert draft_list([], ["b", "c"], 4, lambda: 0.0) == DraftedList(("b", "c"), (1, 1))
    assert draft_list(["a", "b"], ["a", "b"], 0, lambda: 0.0) == DraftedList((), ())


def test_the_same_item_is_nobodys_after_a_whole_round_and_not_within_one() -> None:
    drafted = draft_list(["a", "c", "d"], ["b", "c", "e"], 5, lambda: 0.0)
    assert drafted == DraftedList(("a", "b", "c", "d", "e"), (0, 1, NOBODY, 0, 1))
    within = draft_list(["a", "b", "c"], ["b", "d", "e"], 4, lambda: 0.0)
    assert within == DraftedList(("a", "b", "c", "d"), (0, 1, 0, 1))
