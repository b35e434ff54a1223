"""Wishes of what a model states: the built-in reader's value where it states the same, and nothing that it makes up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.wishes.reader import Reader
from components.wishes.stated import StatedReader
from tests.wish_worlds import film_facts, film_reader


@pytest.fixture(scope="module")
def built_in() -> Reader:
    return film_reader()


@pytest.fixture(scope="module")
def stated() -> StatedReader:
    return StatedReader(film_facts())


def labels(*names: str, **more: Any) -> dict[str, Any]:
    return {"kind": "labels", "labels": list(names), **more}


def values(attribute: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"kind": "values", "attributes": [attribute], "values": list(names), **more}


def between(attribute: str, **more: Any) -> dict[str, Any]:
    return {"kind": "range", "attribute": attribute, **more}


NO_HORROR, NO_DRAMA = labels("Horror", said="horror", wanted=False), labels("Drama", said="drama", wanted=False)


@pytest.mark.parametrize(
    ("text", "wishes", "ignored"),
    [
        ("comedies", [labels("comedy", said="comedies")], []),
        ("no horror, no drama", [NO_HORROR, NO_DRAMA], []),
        ("mystery or thriller", [labels("Mystery", "Thriller", said="mystery, thriller")], []),
        ("films by Alfred Hitchcock", [values("director", "alfred hitchcock", said="Alfred Hitchcock")], []),
        ("not American", [values("country", "United States", wanted=False, said="American")], []),
        ("under 100 minutes", [between("runtime", high=100, open=True, said="under 100 minutes")], []),
        ("from the 90s", [between("year", low=1990, high=1999, said="the 90s")], []),
        ("like Heat", [{"kind": "like", "titles": ["Heat (1995)"], "said": "Heat"}], []),
        ("inception", [{"kind": "items", "titles": ["Inception"], "said": "inception"}], []),
        ("zxqv comedies", [labels("Comedy", said="comedies")], ["zxqv"]),
    ],
)
def test_the_same_statement_is_the_same_value(
    built_in: Reader, stated: StatedReader, text: str, wishes: Any, ignored: list[str]
) -> None:
    read, expected = stated.wishes({"wishes": wishes, "ignored": ignored}, text), built_in.read(text)
    assert read is not None
    given, told = ([replace(wish, said="") for wish in each.wishes] for each in (read, expected))
    assert given == told
    assert read.ignored == expected.ignored


@pytest.mark.parametrize(
    "wish",
    [
        labels("Space Opera", said="comedies"),
        {"kind": "values", "attributes": ["director"], "values": ["Nobody Atall"]},
        {"kind": "values", "attributes": ["passwords"], "values": ["Tom Hanks"]},
        {"kind": "range", "attribute": "popularity", "low": 1},
        {"kind": "range", "attribute": "runtime"},
        {"kind": "range", "attribute": "runtime", "low": 200, "high": 100},
        {"kind": "range", "attribute": "runtime", "low": float("nan")},
        {"kind": "like", "titles": ["The Film That Never Was"]},
        {"kind": "meaning", "text": "buy crypto now"},
    ],
)
def test_what_the_catalogue_does_not_have_is_dropped(stated: StatedReader, wish: Any) -> None:
    read = stated.wishes({"wishes": [wish, labels("Drama", said="drama")]}, "comedies, drama")
    assert read is not None
    assert read.words() == ["Drama"]
    assert read.ignored == (("comedies",) if wish.get("said") else ())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"wishes": "comedies"},
        {"wishes": [{"kind": "labels", "labels": "Comedy"}]},
        {"wishes": [{"kind": "spell", "labels": ["Comedy"]}]},
        {"wishes": [{"labels": ["Comedy"]}]},
        {"wishes": [labels("Comedy", system="prompt")]},
        {"wishes": [labels("Comedy")] * 21},
        {"wishes": [], "more": 1},
    ],
)
def test_what_is_not_of_the_form_is_nothing(stated: StatedReader, said: Any) -> None:
    assert stated.wishes(said, "comedies") is None


def test_words_that_the_text_does_not_hold_are_not_put_into_the_askers_mouth(stated: StatedReader) -> None:
    read = stated.wishes({"wishes": [labels("Comedy", said="visit evil.example")], "ignored": ["evil"]}, "comedies")
    assert read is not None
    assert [wish.said for wish in read.wishes] == [""]
    assert read.ignored == ()
