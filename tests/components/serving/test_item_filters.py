"""Filters leave the items that pass all of them, and a bad one is refused with the values that there are."""

from __future__ import annotations

import numpy as np
import pytest

from components.serving.item_filters import ItemFilters
from components.serving.requests import Filter, NumberRange
from components.wishes.facts import item_facts

CATEGORIES = ("Drama", "Comedy", "", "Drama")
FACTS = item_facts(
    ids=("a", "b", "c", "d"),
    titles=("A", "B", "C", "D"),
    labels=[("Drama", "Short"), ("Comedy", "Drama"), (), ("Drama",)],
    attributes=[{"country": ("France", "Italy"), "sold": "true"}, {"country": "Italy"}, {"sold": "false"}, {}],
    popularity=np.zeros(4),
    prices=(1.0, 2.0, None, 5.0),
)
FILTERS = ItemFilters(FACTS, CATEGORIES)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, "abcd"),
        ({"categories": ["drama"]}, "ad"),
        ({"labels": ["Drama"]}, "abd"),
        ({"categories": ["Drama", "Comedy"]}, "abd"),
        ({"country": ["Italy"]}, "ab"),
        ({"price": NumberRange(min=2)}, "bd"),
        ({"price": NumberRange(min=1, max=2)}, "ab"),
        ({"sold": True}, "a"),
        ({"sold": False}, "c"),
        ({"available": True}, "abcd"),
        ({"categories": ["Drama"], "price": NumberRange(max=2)}, "a"),
    ],
)
def test_what_passes_all_filters_is_left_and_what_is_not_known_fails(given: dict[str, Filter], left: str) -> None:
    assert FILTERS.fault(given) is None
    assert "".join(np.array(list("abcd"))[FILTERS.fitting(given)]) == left


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({"colour": ["red"]}, "unknown_filter", "available, categories, country, labels, price, sold"),
        ({"categories": ["Dramma"]}, "unknown_value", "no item has 'Dramma'; there are Drama, Comedy"),
        ({"country": ["Italy", "Spain"]}, "unknown_value", "there are France, Italy"),
        ({"country": NumberRange(min=1)}, "unknown_filter", "it holds texts"),
        ({"price": ["1"]}, "unknown_filter", "it holds numbers"),
        ({"price": NumberRange(min=3, max=2)}, "invalid_field", "min 3 is above max 2"),
        ({"labels": []}, "invalid_field", "leave the filter out"),
        ({"available": False}, "invalid_field", "shown to nobody"),
        ({"popularity": NumberRange(min=3)}, "unknown_filter", "there are"),
    ],
)
def test_a_bad_filter_names_what_there_is(given: dict[str, Filter], code: str, says: str) -> None:
    fault = FILTERS.fault(given)
    assert fault is not None
    assert (fault.name, fault.code) == (next(iter(given)), code)
    assert says in fault.message


def test_of_many_values_the_nearest_are_named_and_the_rest_counted() -> None:
    names = [f"Person {n:03d}" for n in range(200)]
    labels = [(name,) for name in names]
    facts = item_facts(names, names, labels, [{}] * 200, np.zeros(200))
    fault = ItemFilters(facts, [""] * 200).fault({"labels": ["Persn 142"]})
    assert fault is not None
    assert "there are Person 142, " in fault.message
    assert fault.message.endswith("and 180 more")
