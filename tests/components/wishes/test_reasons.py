"""A reason says what holds of the item, and nothing else."""

from __future__ import annotations

import pytest

from components.wishes.judging import judge
from components.wishes.reasons import reason_for
from tests.wish_worlds import TITLES, Plain, film_facts, film_reader

FACTS = film_facts()


def reason(text: str, title: str) -> str | None:
    wishes = film_reader().read(text).wishes
    judged = [(wish, judge(wish, FACTS, Plain(FACTS))) for wish in wishes]
    return reason_for(TITLES.index(title), judged, FACTS)


@pytest.mark.parametrize(
    ("text", "title", "said"),
    [
        ("comedy under 90 minutes", "Toy Story (1995)", "Comedy, 81 minutes"),
        ("comedy under 90 minutes", "Toy Story 2 (1999)", "Comedy"),
        ("mystery or thriller from the fifties", "Rear Window (1954)", "Mystery, Thriller, 1954"),
        ("mystery or thriller from the fifties", "Inception (2010)", "Thriller"),
        ("like Inception but shorter", "Matrix, The (1999)", "136 minutes; like Inception (2010)"),
        ("French films", "Heat (1995)", None),
        ("something by Hitchcock", "Psycho (1960)", "Director Alfred Hitchcock"),
        ("no horror", "Heat (1995)", "No Horror"),
        ("no horror", "Psycho (1960)", None),
        ("no horror", "Nobody Knows (2004)", None),
    ],
)
def test_only_what_holds_is_said(text: str, title: str, said: str | None) -> None:
    assert reason(text, title) == said
