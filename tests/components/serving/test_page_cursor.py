"""A cursor holds what was shown, and nothing else is read out of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.serving.page_cursor import LONGEST, MAX_SHOWN, BadCursor, MarkedItems, next_cursor, read_cursor

IDS = [f"item {n}" for n in range(3000)]


@given(st.lists(st.lists(st.sampled_from(IDS), min_size=1, max_size=30), min_size=1, max_size=5))
def test_what_all_pages_showed_is_found_again(pages: list[list[str]]) -> None:
    cursor: str | None = None
    for page in pages:
        cursor = next_cursor(cursor, page)
    assert cursor is not None
    found = MarkedItems(IDS).rows(read_cursor(cursor))
    assert {IDS[row] for row in found.tolist()} == {item_id for page in pages for item_id in page}


def test_the_longest_cursor_is_read_and_behind_the_last_page_there_is_none() -> None:
    cursor = next_cursor(None, IDS[: MAX_SHOWN - 1])
    assert cursor is not None
    assert len(cursor) <= LONGEST
    assert len(read_cursor(cursor)) == MAX_SHOWN - 1
    assert next_cursor(cursor, IDS[-1:]) is None
    assert next_cursor(None, []) is None


@pytest.mark.parametrize("cursor", ["a", "abc", "ab=c", "!", "é"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(cursor)


def test_an_item_that_a_catalogue_does_not_have_says_nothing() -> None:
    cursor = next_cursor(None, ["gone", "item 7"])
    assert MarkedItems(IDS).rows(read_cursor(cursor or "")).tolist() == [7]
