"""The same film is found under other spellings, and another film of the same name is not."""

from __future__ import annotations

import pytest

from components.interactions.film_match import Film, match_films

FILMS = (
    Film("Heat", 1986),
    Film("Heat", 1995),
    Film("The Matrix", 1999),
    Film("Amélie", 2001),
    Film("Solaris", None),
    Film("...", 2000),
)


@pytest.mark.parametrize(
    ("title", "position"),
    [
        ("Heat (1995)", 1),
        ("Heat (1994)", 1),
        ("Heat (1987)", 0),
        ("Heat (1990)", None),
        ("Heat", 0),
        ("Matrix, The (1999)", 2),
        ("THE MATRIX (2000)", 2),
        ("Amelie (2001)", 3),
        ("Fabuleux destin d'Amélie Poulain, Le (Amélie) (2001)", 3),
        ("Whatever (a.k.a. Amelie) (2002)", 3),
        ("Solaris (1972)", 4),
        ("!!! (2000)", None),
        ("", None),
    ],
)
def test_title_and_year_decide(title: str, position: int | None) -> None:
    assert match_films([title], FILMS) == [position]


def test_every_title_has_an_answer_in_order() -> None:
    assert match_films(["Heat (1995)", "Nothing (1995)", "Heat (1986)"], FILMS) == [1, None, 0]
