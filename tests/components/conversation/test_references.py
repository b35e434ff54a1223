"""Which of the items shown a message speaks of, and what it does."""

from __future__ import annotations

import pytest

from components.conversation.intent import intent_of
from components.conversation.references import find_reference

TITLES = ("Heat (1995)", "Matrix, The (1999)", "Up (2009)", "Die Hard (1988)")


@pytest.mark.parametrize(
    ("message", "places"),
    [
        ("why the third?", (2,)),
        ("not the first and the 4th", (0, 3)),
        ("more like number two", (1,)),
        ("#3 please", (2,)),
        ("the last one", (3,)),
        ("not that one", (1,)),
        ("none of these", (0, 1, 2, 3)),
        ("not Die Hard", (3,)),
        ("like the matrix but newer", (1,)),
        ("why the seventh?", None),
        ("the 0th", None),
        ("from the first half of the 90s", None),
        ("something funny", None),
        ("hold up", None),
    ],
)
def test_a_message_refers_to_places_of_the_list(message: str, places: tuple[int, ...] | None) -> None:
    found = find_reference(message, TITLES, focus=1)
    assert (None if found is None else found.places) == places


def test_that_one_is_the_first_where_none_was_spoken_of_and_nothing_where_nothing_is_shown() -> None:
    found = find_reference("not that one", TITLES, None)
    assert found is not None
    assert found.places == (0,)
    assert find_reference("the first", (), None) is None


@pytest.mark.parametrize(
    ("message", "refers", "act"),
    [
        ("start over", False, "restart"),
        ("no, let's start again please", False, "restart"),
        ("why the third?", True, "explain"),
        ("tell me about that one", True, "explain"),
        ("not that one", True, "reject"),
        ("I've seen the first", True, "reject"),
        ("none of these", True, "reject"),
        ("more like the second", True, "resemble"),
        ("I don't like the second", True, "reject"),
        ("more", False, "others"),
        ("anything else?", False, "others"),
        ("never mind the country", False, "drop"),
        ("any length is fine", False, "drop"),
        ("any comedies?", False, "refine"),
        ("comedy instead", False, "instead"),
        ("comedy instead of drama", False, "refine"),
        ("what about westerns?", False, "instead"),
        ("thanks", False, "greet"),
        ("shorter", False, "refine"),
    ],
)
def test_a_message_does_one_thing(message: str, refers: bool, act: str) -> None:
    assert intent_of(message, refers).act == act


def test_what_follows_a_new_beginning_is_read() -> None:
    assert intent_of("Start over with crime from the 70s", False).rest == "crime from the 70s"
    assert intent_of("Never mind the country", False).rest == "the country"
