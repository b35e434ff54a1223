"""Reads the filters of a request against one catalogue: which items they leave, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from components.serving.requests import Filter, NumberRange
from components.wishes.facts import POPULARITY, CatalogueFacts, Mask, ValueTable, value_table
from components.wishes.judging import within
from components.wishes.tokens import fold
from components.wishes.wish import LIMIT, PLACE, LabelWish, RangeWish, ValueWish, Wish

LABELS, CATEGORIES, AVAILABLE = "labels", "categories", "available"
"""The filters that every catalogue has; all others are attributes of the items."""
NAMED = 20
"""So many of the values there are stand in an error."""


@dataclass(frozen=True, slots=True)
class BadFilter:
    """A filter that means nothing here; `message` says what there is instead."""

    name: str
    code: str
    message: str


class ItemFilters:
    """What the items of one catalogue can be filtered by."""

    def __init__(self, facts: CatalogueFacts, categories: Sequence[str]) -> None:
        self._facts = facts
        self._categories = categories

    def fault(self, given: Mapping[str, Filter]) -> BadFilter | None:
        """The first filter that no item could ever be judged by; None where all are good."""
        return next((fault for name, wanted in given.items() if (fault := self._fault(name, wanted))), None)

    def fitting(self, given: Mapping[str, Filter]) -> Mask:
        """The items that pass all filters, (n_items,); `given` has no fault. What is not known of an item fails."""
        fits = np.ones(len(self._facts), bool)
        for name, wanted in given.items():
            if isinstance(wanted, NumberRange):
                fits &= within(self._facts.numbers[name], wanted.min, wanted.max)
            elif not _goes_without_saying(name, wanted):
                fits &= self._tables[name].having(_texts(wanted))
        return fits

    def wishes(self, given: Mapping[str, Filter]) -> list[Wish]:
        """The filters as wishes, to be told with those of the text; `given` has no fault."""
        wishes: list[Wish] = []
        for name, wanted in given.items():
            if isinstance(wanted, NumberRange):
                wishes.append(RangeWish(name, wanted.min, wanted.max, name, importance=2 * LIMIT))
            elif name in (LABELS, CATEGORIES):
                wishes.append(LabelWish(tuple(_texts(wanted)), True, name, importance=2 * LIMIT))
            elif not _goes_without_saying(name, wanted):
                wishes.append(ValueWish((name,), tuple(_texts(wanted)), True, name, importance=2 * PLACE))
        return wishes

    @cached_property
    def _tables(self) -> dict[str, ValueTable]:
        categories = value_table([(name,) if name else () for name in self._categories])
        return {**self._facts.values, LABELS: self._facts.labels, CATEGORIES: categories}

    @cached_property
    def _numbers(self) -> list[str]:
        return sorted(name for name in self._facts.numbers if name != POPULARITY)

    def _fault(self, name: str, wanted: Filter) -> BadFilter | None:
        if _goes_without_saying(name, wanted):
            text = "items that are switched off are shown to nobody; leave the filter out"
            return None if wanted else BadFilter(name, "invalid_field", text)
        table = self._tables.get(name)
        if table is None and name not in self._numbers:
            known = ", ".join(sorted({AVAILABLE, *self._tables, *self._numbers}))
            return BadFilter(name, "unknown_filter", f"the items have no such attribute; there are {known}")
        if isinstance(wanted, NumberRange):
            if name not in self._numbers:
                return BadFilter(name, "unknown_filter", 'it holds texts: give a list of them, such as ["…"]')
            return _empty_range(name, wanted)
        if table is None:
            text = 'it holds numbers: give a range, such as {"min": 1, "max": 2}'
            return BadFilter(name, "unknown_filter", text)
        return _unknown_value(name, _texts(wanted), table)


def _goes_without_saying(name: str, wanted: Filter) -> bool:
    """Whether it is about what is off, which the shelf sees to."""
    return name == AVAILABLE and isinstance(wanted, bool)


def _texts(wanted: list[str] | bool | NumberRange) -> list[str]:
    """Values of an attribute; one that is true or false is kept as such a text."""
    assert not isinstance(wanted, NumberRange)  # noqa: S101 ranges are of numbers
    return [str(wanted).lower()] if isinstance(wanted, bool) else wanted


def _empty_range(name: str, wanted: NumberRange) -> BadFilter | None:
    if wanted.min is None or wanted.max is None or wanted.min <= wanted.max:
        return None
    return BadFilter(name, "invalid_field", f"min {wanted.min:g} is above max {wanted.max:g}")


def _unknown_value(name: str, wanted: Sequence[str], table: ValueTable) -> BadFilter | None:
    """The first of `wanted` that no item has, with the nearest values that there are."""
    if not wanted:
        return BadFilter(name, "invalid_field", "an empty list fits no item; leave the filter out")
    unknown = next((value for value in wanted if fold(value) not in table.column_of), None)
    if unknown is None:
        return None
    near = [table.names[table.column_of[key]] for key in get_close_matches(fold(unknown), table.column_of, n=3)]
    shown = list(dict.fromkeys([*near, *sorted(table.names)]))[:NAMED]
    left = len(table.names) - len(shown)
    more = f" and {left:,} more" if left else ""
    return BadFilter(name, "unknown_value", f"no item has {unknown!r}; there are {', '.join(shown)}{more}")
