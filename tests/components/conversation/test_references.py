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
        ("the fourth", (3,)),
        ("the fifth", None),
        ("#4 and #5 and #1", (3, 0)),
        ("number one", (0,)),
        ("no. 4", (3,)),
        ("the 1st and the first", (0,)),
        ("Die Hard or the second", (1,)),
        ("#2 or the first", (0,)),
        ("Heat or the last one", (3,)),
        ("heat", (0,)),
        ("Heat and Die Hard", (3,)),
        ("that or Heat", (0,)),
        ("die", None),
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


def test_a_reference_says_the_words_that_made_it_and_whether_a_title_did() -> None:
    for message, said, by_title in (
        ("not the first and the second", "the first", False),
        ("not the ninth but the second", "the second", False),
        ("#3, #2", "#3", False),
        ("like the matrix but newer", "matrix", True),
        ("not that one", "that one", False),
        ("the last one", "the last one", False),
        ("none of these", "none of these", False),
    ):
        found = find_reference(message, TITLES, focus=0)
        assert found is not None
        assert (found.said, found.by_title) == (said, by_title)


def test_that_one_is_the_place_that_was_spoken_of_last_be_it_the_first() -> None:
    for focus in (0, 1, 3):
        found = find_reference("that one", TITLES, focus)
        assert found is not None and found.places == (focus,)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("Jaws", 2),
        ("Ran", None),
        ("ran away", None),
        ("it", 3),
        ("M", None),
        ("Up", None),
        ("Heat", 4),
        ("Up Above", 6),
    ],
)
def test_a_title_of_one_short_word_names_nothing_and_of_two_alike_the_first_is_meant(
    message: str, place: int | None
) -> None:
    titles = ("Ran (1985)", "M (1931)", "Jaws (1975)", "Up (2009)", "Heat (1995)", "Heat (1986)", "Up Above (2001)")
    found = find_reference(message, titles, focus=3)
    assert (None if found is None else found.places) == (None if place is None else (place,))


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
        ("why", False, "explain"),
        ("explain", False, "refine"),
        ("explain the first", True, "explain"),
        ("like the first", False, "refine"),
        ("like the first, not slow", True, "resemble"),
        ("no westerns", False, "refine"),
        ("any comedies are fine", False, "drop"),
        ("any of the first", True, "refine"),
        ("any of the first is fine", True, "refine"),
        ("never mind the first", True, "refine"),
        ("never mind that", False, "drop"),
        ("never mind, it is fine", False, "drop"),
        ("the second instead", True, "instead"),
        ("the second", True, "refine"),
    ],
)
def test_a_message_does_one_thing(message: str, refers: bool, act: str) -> None:
    assert intent_of(message, refers).act == act


def test_what_follows_a_new_beginning_is_read() -> None:
    assert intent_of("Start over with crime from the 70s", False).rest == "crime from the 70s"
    assert intent_of("Never mind the country", False).rest == "the country"
    assert intent_of("Any length is fine", False).rest == "length"


def test_what_only_asks_states_no_wishes_and_what_wishes_is_passed_on_whole() -> None:
    for message, refers in (("thanks", False), ("why the third?", True), ("more", False), ("why?", False)):
        assert intent_of(message, refers).rest == ""
    for message, refers in (
        ("Not that one", True),
        ("More like it", True),
        ("Comedy instead", False),
        ("Short", False),
    ):
        assert intent_of(message, refers).rest == message
