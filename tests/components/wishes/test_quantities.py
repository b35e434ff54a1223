"""Numbers in texts, with what they limit."""

from __future__ import annotations

import pytest

from components.wishes.facts import item_facts
from components.wishes.quantities import QuantityReader
from components.wishes.tokens import tokenize
from components.wishes.vocabulary import read_vocabulary
from tests.wish_worlds import film_facts

import numpy as np  # isort: skip


def read(text: str, reader: QuantityReader) -> list[str]:
    tokens, found, at = tokenize(text), [], 0
    while at < len(tokens):
        quantity = reader.read(tokens, at)
        if quantity:
            at, wish = quantity
            found.append(wish.words())
        else:
            at += 1
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("under 90 minutes", "runtime below 90"),
        ("at most two hours", "runtime at most 120"),
        ("no longer than 2h", "runtime at most 120"),
        ("less than half an hour", "runtime below 30"),
        ("under an hour and a half", "runtime below 90"),
        ("over two and a half hours", "runtime above 150"),
        ("at least 1h30", "runtime at least 90"),
        ("two hours or more", "runtime at least 120"),
        ("I have 90 minutes", "runtime at most 90"),
        ("90 to 120 minutes", "runtime 90 to 120"),
        ("between one and two hours", "runtime 60 to 120"),
        ("a ninety minute film", "runtime 81 to 99"),
        ("from the 90s", "year 1990 to 1999"),
        ("the nineties", "year 1990 to 1999"),
        ("the 1990's", "year 1990 to 1999"),
        ("early eighties", "year 1980 to 1983"),
        ("late 80s", "year 1987 to 1989"),
        ("60s and 70s", "year 1960 to 1979"),
        ("before 1970", "year below 1970"),
        ("before the 70s", "year below 1970"),
        ("not older than 1990", "year at least 1990"),
        ("since 1990", "year at least 1990"),
        ("after 1990", "year above 1990"),
        ("from 1990 on", "year at least 1990"),
        ("1990 or later", "year at least 1990"),
        ("in 1994", "year 1994"),
        ("1994-1999", "year 1994 to 1999"),
        ("from 1999 to 1994", "year 1994 to 1999"),
        ("20th century", "year 1900 to 1999"),
        ("the last ten years", "year at least 2000"),
        ("older than 20 years", "year at most 1990"),
    ],
)
def test_a_quantity_is_a_range_of_the_attribute_it_counts(text: str, words: str) -> None:
    assert read(text, QuantityReader(film_facts(), read_vocabulary())) == [words]


@pytest.mark.parametrize("text", ["5", "under 20 euros", "seven samurai", "room 237", "two friends", "90"])
def test_numbers_that_count_nothing_known_are_no_wish(text: str) -> None:
    assert read(text, QuantityReader(film_facts(), read_vocabulary())) == []


def test_any_number_that_the_items_have_can_be_asked_for() -> None:
    facts = item_facts(["1"], ["A"], [()], [{"pages": 300.0, "star_rating": 4.5}], np.ones(1), [12.5])
    reader = QuantityReader(facts, read_vocabulary())
    assert read("at most 400 pages", reader) == ["pages at most 400"]
    assert read("under $20", reader) == ["price below 20"]
    assert read("cheaper than 15 euros", reader) == ["price below 15"]
