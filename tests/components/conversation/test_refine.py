"""How what a message wishes joins with what was wished before."""

from __future__ import annotations

import pytest

from components.conversation.refine import compared_with_shown, refined, started_anew, without_topic
from components.wishes.reader import Reader
from components.wishes.vocabulary import read_vocabulary
from components.wishes.wish import (
    LIMIT,
    PLACE,
    REFUSED,
    VAGUE,
    ItemsWish,
    LabelWish,
    LikeWish,
    MeaningWish,
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
)
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


def label(*labels: str, wanted: bool = True, together: bool = False, mood: str = "", importance: int = 50) -> LabelWish:
    return LabelWish(labels, wanted, "said", importance, together, mood)


def year(low: float | None, high: float | None = None, wanted: bool = True) -> RangeWish:
    return RangeWish("year", low, high, "said", wanted)


def value(name: str, *values: str, wanted: bool = True, importance: int = 80) -> ValueWish:
    return ValueWish((name,), values, wanted, "said", importance)


def like(*items: str, wanted: bool = True) -> LikeWish:
    return LikeWish(items, items, wanted, "said")


def items(*ids: str, wanted: bool = True) -> ItemsWish:
    return ItemsWish(ids, ids, wanted, "said")


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (year(1990), year(None, 1991), True),
        (year(1990), year(None, 1990), False),
        (year(None, 1990), year(1990), False),
        (year(None, 1990), year(1989), True),
        (year(None, 1990), year(None, 2000), False),
        (year(1990, 2000), year(None, 1995), False),
        (year(1990), year(2000, wanted=False), True),
        (year(1990, wanted=False), year(2000), True),
        (year(1990), RangeWish("runtime", None, 90, "said"), True),
        (value("cast", "Tom Hanks"), value("cast", "Tim Allen"), True),
        (value("cast", "Tom Hanks"), value("cast", "tom hanks"), False),
        (value("cast", "Tom Hanks", "Tim Allen"), value("cast", "Tom Hanks"), True),
        (value("cast", "Tom Hanks", "Tim Allen"), value("cast", "Tom Hanks", wanted=False), False),
        (value("cast", "Tom Hanks", wanted=False), value("cast", "Tim Allen"), True),
        (value("cast", "Tom Hanks"), value("director", "Tom Hanks"), True),
        (value("country", "France"), value("country", "Japan", importance=PLACE), False),
        (value("country", "France", wanted=False), value("country", "Japan", importance=PLACE), True),
        (value("country", "France"), value("country", "Japan", wanted=False, importance=PLACE), True),
        (like("1"), like("2"), False),
        (like("1"), like("2", wanted=False), True),
        (like("1", wanted=False), like("2"), True),
        (like("1", "2"), like("2", wanted=False), False),
        (like("1", wanted=False), like("2", wanted=False), True),
        (items("1"), label("Comedy"), False),
        (items("1", wanted=False), label("Comedy"), True),
        (items("1", wanted=False), items("2"), True),
        (items("1"), items("2", wanted=False), False),
        (label("Comedy"), items("2"), False),
        (label("Comedy"), items("2", wanted=False), True),
        (TasteWish(True, "said"), TasteWish(False, "else"), False),
        (TasteWish(True, "said"), label("Comedy"), True),
        (MeaningWish("the sea", True, "said"), MeaningWish("the sea", True, "else"), False),
        (MeaningWish("the sea", True, "said"), MeaningWish("the sky", True, "said"), True),
        (label("Comedy", "Drama"), label("Drama", "Comedy"), False),
        (label("Comedy", "Drama"), label("Drama", "Comedy", together=True), True),
        (label("Comedy"), label("Comedy", "Drama"), True),
        (label("Comedy"), label("Drama", wanted=False, importance=REFUSED), True),
        (label("Comedy", "Drama", wanted=False, together=True), label("Drama"), True),
        (label("Comedy"), label("Comedy", wanted=False, importance=REFUSED), False),
        (label("Comedy"), label("Comedy", wanted=False, importance=VAGUE), True),
        (label("Comedy", wanted=False), label("Comedy", importance=VAGUE), False),
    ],
)
def test_an_old_wish_stays_beside_a_new_one_if_both_can_hold(old: Wish, new: Wish, left: bool) -> None:
    assert refined([old], [new]) == ((old, new) if left else (new,))


def test_of_labels_that_are_refused_or_wanted_again_only_those_go() -> None:
    assert refined([label("Comedy", "Drama", wanted=False)], [label("Drama")])[0] == label("Comedy", wanted=False)
    refused = label("Drama", wanted=False, importance=REFUSED)
    assert refined([label("Comedy", "Drama", together=True)], [refused])[0] == label("Comedy", together=True)


def test_a_mood_refuses_no_label_that_was_asked_for_outright() -> None:
    mood = label("Animation", "Children", wanted=False, mood="children")
    assert refined([label("Animation")], [mood])[1:] == (label("Children", wanted=False, mood="children"),)
    assert refined([label("Animation", "Children")], [mood]) == (label("Animation", "Children"),)
    for other in (label("Animation", mood="cosy"), label("Animation", wanted=False), label("Western")):
        assert mood in refined([other], [mood])
    outright = label("Animation", wanted=False, importance=REFUSED)
    assert refined([label("Animation")], [outright]) == (outright,)


@pytest.mark.parametrize(
    ("wish", "stays"),
    [
        (year(1990), True),
        (RangeWish("runtime", None, 90, "short", importance=VAGUE), False),
        (label("Comedy"), False),
        (label("Horror", wanted=False, importance=REFUSED), True),
        (label("Horror", wanted=False, importance=REFUSED - 1), False),
        (label("Horror", importance=REFUSED), False),
        (items("1", wanted=False), True),
        (items("1"), False),
        (value("country", "France", importance=PLACE), True),
        (value("cast", "Tom Hanks"), False),
        (value("cast", "Tom Hanks", wanted=False), True),
        (like("1"), False),
        (TasteWish(True, "said"), False),
    ],
)
def test_what_frames_another_subject_stays(wish: Wish, stays: bool) -> None:
    assert started_anew([wish]) == ((wish,) if stays else ())


@pytest.mark.parametrize(
    ("wish", "read", "gone"),
    [
        (year(1990), year(2000), True),
        (year(1990), RangeWish("runtime", 1990, None, "said"), False),
        (label("Comedy", "Drama"), label("Drama", wanted=False), True),
        (label("Comedy"), label("Drama"), False),
        (value("cast", "Tom Hanks"), value("director", "tom hanks"), True),
        (value("cast", "Tom Hanks"), value("cast", "Tim Allen"), False),
        (like("1", "2"), items("2"), True),
        (items("1"), like("1"), True),
        (items("1"), items("2"), False),
        (label("Comedy"), year(2000), False),
        (TasteWish(True, "said"), TasteWish(True, "said"), False),
    ],
)
def test_a_wish_goes_with_what_is_read_of_the_same_subject(wish: Wish, read: Wish, gone: bool) -> None:
    assert without_topic([wish], "", [read]) == (() if gone else (wish,))


def test_a_wish_goes_with_the_words_of_its_kind_or_the_name_of_its_number() -> None:
    seasons = RangeWish("release_year", 1990, None, "said")
    wishes: list[Wish] = [seasons, label("Comedy"), value("cast", "Tom Hanks"), like("1"), items("2")]
    for text, gone in (
        ("the release", seasons),
        ("the genre", wishes[1]),
        ("the actors", wishes[2]),
        ("likeness", wishes[3]),
        ("the title", wishes[4]),
        ("the weather", None),
    ):
        assert without_topic(wishes, text, []) == tuple(wish for wish in wishes if wish != gone)


def test_only_a_comparison_without_a_number_is_held_against_what_is_shown(reader: Reader) -> None:
    comparatives = read_vocabulary().comparatives
    (longer,) = compared_with_shown(reader.read("longer").wishes, ["3", "4", "12"], film_facts(), comparatives)
    assert isinstance(longer, RangeWish)
    assert (longer.low, longer.high, longer.open, longer.importance) == (86.5, None, True, LIMIT)
    for text in ("under two hours", "short", "comedies"):
        read = reader.read(text).wishes
        assert compared_with_shown(read, ["3", "4"], film_facts(), comparatives) == read
    both = reader.read("shorter comedies").wishes
    found = compared_with_shown(both, ["3"], film_facts(), comparatives)
    assert sorted(words(found)) == ["Comedy", "runtime below 81"]
