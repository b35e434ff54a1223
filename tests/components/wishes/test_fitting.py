"""Which items fit: what is unknown fulfils no limit, refusals let nothing through, too narrow wishes give way."""

from __future__ import annotations

import numpy as np
import pytest

from components.wishes.fitting import Fitting, fit
from components.wishes.reader import Reader
from components.wishes.wish import LabelWish, MeaningWish
from tests.wish_worlds import TITLES, Plain, film_facts, film_reader

FACTS = film_facts()
NOTHING = np.empty(0, np.int32)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return film_reader()


def fitting(reader: Reader, text: str, k: int = 1, exclude: np.ndarray = NOTHING, met: tuple[int, ...] = ()) -> Fitting:
    return fit(reader.read(text).wishes, FACTS, Plain(FACTS, met), k, exclude)


def titles(found: Fitting) -> set[str]:
    return {TITLES[row] for row in np.flatnonzero(found.fits)}


def test_an_unknown_number_fulfils_no_limit(reader: Reader) -> None:
    for text in ("under 500 minutes", "at least 1 minute"):
        assert {"Cabaret (1972)", "Nobody Knows (2004)"}.isdisjoint(titles(fitting(reader, text)))


def test_what_a_refusal_is_not_known_of_comes_last_and_what_it_holds_of_never(reader: Reader) -> None:
    found = fitting(reader, "not American")
    assert "Psycho (1960)" not in titles(found)
    unknown, known = TITLES.index("Heat (1995)"), TITLES.index("Night Mail (1936)")
    assert found.fits[unknown]
    assert found.scores[unknown] < found.scores[known]


def test_a_refusal_of_two_labels_at_once_lets_the_halves_come_last(reader: Reader) -> None:
    found = fitting(reader, "no romantic comedies")
    assert "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)" not in titles(found)
    assert found.scores[TITLES.index("Titanic (1997)")] < found.scores[TITLES.index("Heat (1995)")]


def test_what_is_like_an_item_shares_a_label_and_is_another(reader: Reader) -> None:
    assert titles(fitting(reader, "like Inception but shorter")) == {
        "Matrix, The (1999)",
        "Matrix Reloaded, The (2003)",
        "Rear Window (1954)",
    }


def test_where_nothing_fits_the_least_important_wish_gives_way_and_is_named(reader: Reader) -> None:
    found = fitting(reader, "Japanese films by Hitchcock")
    assert [wish.words() for wish in found.loosened] == ["country: Japan"]
    assert titles(found) == {"Psycho (1960)", "Rear Window (1954)"}


def test_what_is_said_outright_holds_while_anything_fits(reader: Reader) -> None:
    found = fitting(reader, "westerns", k=10)
    assert (titles(found), found.loosened) == ({"Unforgiven (1992)"}, ())


def test_a_mood_gives_way_before_the_list_gets_short(reader: Reader) -> None:
    found = fitting(reader, "relaxing films with Tom Hanks", k=2)
    assert found.loosened == ()
    found = fitting(reader, "a relaxing film by Hitchcock", k=2)
    assert titles(found) == {"Psycho (1960)", "Rear Window (1954)"}
    assert all(isinstance(wish, LabelWish) and wish.mood for wish in found.loosened)


def test_what_the_asker_has_seen_does_not_count_as_fitting(reader: Reader) -> None:
    western = np.array([TITLES.index("Unforgiven (1992)")], np.int32)
    found = fitting(reader, "westerns", exclude=western)
    assert not found.fits[western].any()
    assert [wish.words() for wish in found.loosened] == ["Western"]


def test_what_is_unlike_the_asker_is_far_from_what_they_met(reader: Reader) -> None:
    found = fitting(reader, "surprise me", met=(3, 4))
    near = Plain(FACTS, (3, 4)).to_asker()
    assert near is not None
    assert near[found.fits].max() < near.mean()


def test_a_meaning_orders_and_excludes_nothing() -> None:
    found = fit([MeaningWish("trains", True, "trains")], FACTS, Plain(FACTS, texts={"trains": (11,)}), 1, NOTHING)
    assert found.fits.all()
    assert (found.scores.argmax(), found.orders) == (11, True)


def test_without_wishes_everything_fits() -> None:
    found = fit([], FACTS, Plain(FACTS), 10, NOTHING)
    assert found.fits.all()
    assert not found.orders
