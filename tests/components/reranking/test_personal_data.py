"""What says who somebody is reaches neither a provider nor a shown reason; what people say of films does."""

from __future__ import annotations

import pytest

from components.reranking.personal_data import names_address, names_person, without_personal_data


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.org",
        "anna.b+films@mail.example.co.uk",
        "anna at example dot org",
        "anna [at] example [dot] org",
        "anna(at)example(dot)co(dot)uk",
        "https://example.org/me?x=1",
        "HTTP://EXAMPLE.ORG",
        "www.example.org/me",
        "+49 (0)30 901820",
        "+1-555-010-9999",
        "030 / 901820 12",
        "4111 1111 1111 1111",
        "378282246310005",
    ],
)
def test_what_says_who_somebody_is_never_reaches_a_provider(text: str) -> None:
    kept = without_personal_data(f"I like westerns. {text} is mine")
    assert kept.split() == ["I", "like", "westerns.", "is", "mine"]


@pytest.mark.parametrize(
    "text",
    [
        "films of 1994 - 1999 and 2001",
        "1995–1999, at most 120 minutes",
        "meet at noon, a dot on the map",
        "7.5 of 10, 300 pages, 1000000 viewers",
        "2001: A Space Odyssey, Se7en, 12 Angry Men",
        "order 1234567890123",
    ],
)
def test_what_people_say_of_films_is_no_personal_data(text: str) -> None:
    expected = text.replace("1000000 viewers", "viewers")  # seven digits may be a phone's
    assert " ".join(without_personal_data(text).split()) == " ".join(expected.split())


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript :alert(1)",
        "data:text/html,x",
        "tel:110",
        "see evil.ninja/win",
        "see a-b.example.museum",
        "evil dot com",
        "ask bob at mail dot ru",
        "ftp://x",
    ],
)
def test_no_way_out_of_a_reason_is_overlooked(text: str) -> None:
    assert names_address(text)


@pytest.mark.parametrize(
    "text", ["Tense. Slow. e.g. a heist", "From the U.S. of the 70s", "A.I. at its best...", "3.5 h"]
)
def test_ordinary_sentences_lead_nowhere(text: str) -> None:
    assert not names_address(text)
    assert not names_person(text)


def test_a_number_with_a_cards_digits_counts_only_if_they_add_up() -> None:
    assert names_person("4111 1111 1111 1111")
    assert not names_person("4111 1111 1111 1112")
    assert names_person("call 0800 123456")
