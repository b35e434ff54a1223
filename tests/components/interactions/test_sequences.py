"""Lines of a user and their items become rows in order, and nothing else does."""

from __future__ import annotations

import pytest

from components.interactions.sequences import is_sequences, read_sequences
from components.interactions.timestamps import PLACES_UNTIL


def test_every_item_of_a_line_is_a_row_and_its_place_a_time() -> None:
    raw = read_sequences(b"7 3 1 2\n8\n9 1 3\n")
    assert raw.frame["user_id"].tolist() == ["7", "7", "7", "9", "9"]
    assert raw.frame["item_id"].tolist() == ["3", "1", "2", "1", "3"]
    assert raw.frame["timestamp"].dt.second.tolist() == [1, 2, 3, 1, 2]
    assert (raw.frame["timestamp"] < PLACES_UNTIL).all()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (b"1 2 3\n2 3\n", True),
        (b"1 2 3 \n2\n3 4 4 4 5\n", True),
        (b"1 2\n2 7\n", True),
        (b"1 2 3 4 5\n", True),
        (b"1 5 3 881250949\n1 7 4 881250950\n2 5 3 881250949\n", False),
        (b"1 2 3\n4 5 6\n", False),
        (b"user item\n1 2 3\n", False),
        (b"1,2,3\n2,3,4\n", False),
        (b"1\n2\n", False),
        (b"", False),
    ],
    ids=[
        "two users",
        "lines that end in a blank",
        "an item each",
        "one user",
        "ratings",
        "all of a width",
        "words",
        "commas",
        "ids",
        "nothing",
    ],
)
def test_only_whole_numbers_of_lines_of_their_own_are_sequences(text: bytes, is_one: bool) -> None:
    assert is_sequences(text) == is_one
