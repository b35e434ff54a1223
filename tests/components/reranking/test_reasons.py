"""A model's reason is shown only as plain, short text that names nothing but what was shown or seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.reranking.reasons import REASON_LIMIT, TitleIndex, plain_reason
from components.reranking.task import ItemText

TITLES = TitleIndex(
    [
        "Heat (1995)",
        "Matrix, The (1999)",
        "Toy Story (1995)",
        "Dark Star (1974)",
        "The Family (2013)",
        "Star Wars (1977)",
    ]
)
KNOWN = [
    ItemText("Heat (1995)", "Crime", "Robert De Niro, Michael Mann"),
    ItemText("Matrix, The (1999)", "Sci-Fi"),
    ItemText("The Dark Knight (2008)", "Action"),
    ItemText("Star Wars (1977)", "Sci-Fi"),
]


def checked(text: str) -> str:
    return plain_reason(text, KNOWN, ["I love Kurosawa"], TITLES)


@pytest.mark.parametrize(
    "text",
    [
        "Tense and smart, like Heat",
        "Because you liked The Matrix and Sci-Fi",
        "Robert De Niro at his best",
        "Slow, as Kurosawa would have it",
        "A story about a family for your evening",
    ],
)
def test_what_names_only_known_things_stays_as_it_is(text: str) -> None:
    assert checked(text) == text


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("Like Toy Story, but darker", "unknown_name"),
        ("like toy story, but darker", "unknown_name"),
        ("If you know Dark Star", "unknown_name"),
        ('As good as "Imaginary Film"', "unknown_name"),
        ("Better than Inception", "unknown_name"),
        ("See https://example.org now", "link"),
        ("Buy at evil.com", "link"),
        ("[click](javascript:alert)", "link"),
        ("Buy at evil\uff0ecom", "link"),
        ("Write to bob at example dot org", "link"),
        ("Call +1 555 010 9999", "personal"),
        ("Pay with 4111 1111 1111 1111", "personal"),
        ("  ** ** ", "empty"),
        ("", "empty"),
    ],
)
def test_what_names_or_links_anything_else_is_dropped(text: str, flaw: str) -> None:
    assert checked(text) == flaw


def test_markup_is_stripped_and_length_is_bounded() -> None:
    assert checked("<b>tense</b> and *smart* <script>x</script>") == "tense and smart x"
    long = checked("so very tense " * 50)
    assert len(long) <= REASON_LIMIT and long.endswith("…")


@given(st.text(max_size=400))
def test_no_markup_or_control_character_ever_comes_through(text: str) -> None:
    shown = checked(text)
    assert len(shown) <= REASON_LIMIT
    assert not set(shown) & set("<>[]{}`|*#\x00\n\r\t\u202e\u200b")
    assert "http" not in shown.casefold() or "://" not in shown
