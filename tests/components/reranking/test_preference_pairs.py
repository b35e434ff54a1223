"""A liked item is preferred to what stood above it and was passed over, and to nothing else."""

from __future__ import annotations

from components.reranking.preference_pairs import PreferencePair, pairs_of


def test_a_liked_item_is_preferred_to_each_one_above_it() -> None:
    assert list(pairs_of(["a", "b", "c", "d"], {"c"}, 10)) == [
        PreferencePair("c", "a", 3, 1),
        PreferencePair("c", "b", 3, 2),
    ]


def test_two_liked_items_are_not_held_against_each_other() -> None:
    assert list(pairs_of(["a", "b", "c"], {"b", "c"}, 10)) == [
        PreferencePair("b", "a", 2, 1),
        PreferencePair("c", "a", 3, 1),
    ]


def test_the_first_item_and_strangers_say_nothing() -> None:
    assert list(pairs_of(["a", "b"], {"a", "z"}, 10)) == []
    assert list(pairs_of([], {"a"}, 10)) == []


def test_a_list_gives_a_bounded_number_of_pairs() -> None:
    assert len(list(pairs_of([str(n) for n in range(100)], {"99"}, 5))) == 5
