"""How what a message wishes joins with what was wished before."""

from __future__ import annotations

import pytest

from components.conversation.refine import compared_with_shown, refined, started_anew, without_topic
from components.wishes.reader import Reader
from components.wishes.vocabulary import read_vocabulary
from components.wishes.wish import LIMIT, Wish
from tests.wish_worlds import film_facts, film_reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return film_reader()


def words(wishes: tuple[Wish, ...]) -> list[str]:
    return [wish.words() for wish in wishes]


@pytest.mark.parametrize(
    ("before", "new", "left"),
    [
        ("comedies", "after 1990", ["Comedy", "year above 1990"]),
        ("after 1990", "before 2000", ["year above 1990", "year below 2000"]),
        ("after 1990", "before 1980", ["year below 1980"]),
        ("after 1990", "after 2000", ["year above 2000"]),
        ("comedies", "no comedies", ["no Comedy"]),
        ("no comedies", "comedies", ["Comedy"]),
        ("comedy or drama", "no drama", ["Comedy", "no Drama"]),
        ("no romantic comedies", "comedies", ["no Romance and Comedy", "Comedy"]),
        ("comedies", "comedies", ["Comedy"]),
        ("French", "Japanese", ["country: Japan"]),
        ("by Hitchcock", "with Tom Hanks", ["director: Alfred Hitchcock", "cast: Tom Hanks"]),
        ("by Hitchcock", "not by Hitchcock", ["not director: Alfred Hitchcock"]),
        ("like Inception", "like Heat", ["like Heat (1995)"]),
        ("comedies from the 90s", "Titanic", ["called Titanic (1997)"]),
        ("Titanic", "comedies", ["Comedy"]),
        ("surprise me", "more of the usual", ["like what you know"]),
        ("animated", "no kids' films", ["Animation", "children: no Children"]),
    ],
)
def test_the_newer_wish_wins_where_both_cannot_hold(reader: Reader, before: str, new: str, left: list[str]) -> None:
    assert words(refined(reader.read(before).wishes, reader.read(new).wishes)) == left


def test_another_subject_keeps_numbers_places_and_refusals(reader: Reader) -> None:
    before = reader.read("relaxing French comedies like Heat by Mann, under two hours, no horror").wishes
    assert words(started_anew(before)) == ["country: France", "runtime below 120", "no Horror"]


@pytest.mark.parametrize(
    ("topic", "left"),
    [
        ("the year", ["Comedy", "country: France", "runtime below 120"]),
        ("how long it is", ["Comedy", "country: France", "year above 1990"]),
        ("the country", ["Comedy", "runtime below 120", "year above 1990"]),
        ("comedy", ["country: France", "runtime below 120", "year above 1990"]),
        ("the weather", ["Comedy", "country: France", "runtime below 120", "year above 1990"]),
    ],
)
def test_a_topic_takes_its_wishes_along(reader: Reader, topic: str, left: list[str]) -> None:
    before = refined(reader.read("comedies, French, under two hours").wishes, reader.read("after 1990").wishes)
    assert sorted(words(without_topic(before, topic, reader.read(topic).wishes))) == sorted(left)


def test_shorter_means_than_the_middle_of_what_is_shown_and_is_not_given_up_lightly(reader: Reader) -> None:
    read, comparatives = reader.read("shorter").wishes, read_vocabulary().comparatives
    (wish,) = compared_with_shown(read, ["3", "4", "5"], film_facts(), comparatives)  # 81, 92 and 109 minutes
    assert (wish.words(), wish.importance) == ("runtime below 92", LIMIT)
    assert compared_with_shown(read, [], film_facts(), comparatives) == read
    assert compared_with_shown(read, ["12"], film_facts(), comparatives) == read  # of which no runtime is known
