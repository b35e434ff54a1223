"""Items are found by their words, also by ones that are spelled almost so."""

from __future__ import annotations

import numpy as np

from components.retrieval.lexical import LexicalIndex, build_lexical_index

TITLES = ("The Godfather", "Godfather of Soul", "Heat", "Amélie", "A Night at the Opera", "Opera")
PEOPLE = ("Al Pacino", "James Brown", "Al Pacino Val Kilmer", "Audrey Tautou", "Groucho Marx", "")


def index() -> LexicalIndex:
    return build_lexical_index({"title": TITLES, "people": PEOPLE}, {"title": 3.0, "people": 1.0})


def best(text: str) -> str:
    scores = index().scores(text)
    assert scores is not None
    return TITLES[int(scores.argmax())]


def test_the_words_find_the_item_whatever_their_case_and_accents() -> None:
    assert (best("HEAT"), best("amelie"), best("val kilmer")) == ("Heat", "Amélie", "Heat")


def test_misspelled_words_and_beginnings_find_it_too() -> None:
    assert (best("godfathr pacino"), best("audrey tautuo"), best("godf pacino")) == (
        "The Godfather",
        "Amélie",
        "The Godfather",
    )


def test_a_word_spelled_right_counts_more_than_one_spelled_almost_so() -> None:
    near = build_lexical_index({"title": ("Heart", "Heat")}, {"title": 1.0}).scores("heart")
    assert near is not None
    assert near[0] > near[1] == 0


def test_of_two_items_with_the_word_the_shorter_one_is_meant() -> None:
    assert best("opera") == "Opera"


def test_a_title_counts_more_than_a_person() -> None:
    both = build_lexical_index({"title": ("Brown", "Heat"), "people": ("", "Brown")}, {"title": 3.0, "people": 1.0})
    scores = both.scores("brown")
    assert scores is not None
    assert scores[0] > scores[1] > 0


def test_a_text_without_any_of_the_words_finds_nothing() -> None:
    assert index().scores("zzzzzz") is None
    assert index().scores("") is None


def test_the_index_does_not_depend_on_the_order_of_the_items() -> None:
    order = np.array([3, 1, 0, 5, 4, 2])
    shuffled = build_lexical_index(
        {"title": [TITLES[row] for row in order], "people": [PEOPLE[row] for row in order]},
        {"title": 3.0, "people": 1.0},
    )
    one, other = index().scores("al pacino godfather"), shuffled.scores("al pacino godfather")
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one[order], other, rtol=1e-6)
