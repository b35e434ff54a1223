"""No text of a model or a user takes longer to read than its length says, however it is made."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from components.reranking.personal_data import names_address, names_person, without_personal_data
from components.reranking.reasons import TitleIndex, plain_reason, words_of_title
from components.reranking.reply_parser import _from_json, _from_prose

UNITS = [
    *(
        " ",
        "\n",
        "[",
        "[a",
        "](",
        "[a](",
        "{",
        "}{",
        "<",
        "“",
        '"order"',
        '"order" : [',
        "1",
        "1 ",
        "1 ,",
        "( 1",
        "1. ",
    ),
    *("a-", "a.", "a@", "@", "a at ", "dot ", "a dot ", "www.", "a://", "+1", "1-", "&a", "(1999) ", ", The", "é", "-"),
]
READERS: dict[str, Callable[[str], object]] = {
    "json": _from_json,
    "prose": lambda text: _from_prose(text, {}),
    "reason": lambda text: plain_reason(text, [], [], TitleIndex([])),
    "title": words_of_title,
    "profile": without_personal_data,
    "address": names_address,
    "person": names_person,
}
SHORT, LONG = 4_000, 32_000


@pytest.mark.parametrize("name", READERS)
def test_eight_times_the_text_takes_nowhere_near_sixty_four_times_the_work(name: str) -> None:
    slow = []
    for unit in UNITS:
        short, long = (_seconds(READERS[name], unit, length) for length in (SHORT, LONG))
        if long > 30 * max(short, 2e-4):
            slow.append((unit, short, long))
    assert slow == []


def _seconds(read: Callable[[str], object], unit: str, length: int) -> float:
    """Seconds of this process's own work, the least of three."""
    text, found = (unit * length)[:length], []
    for _ in range(3):
        start = time.process_time()
        read(text)
        found.append(time.process_time() - start)
    return min(found)
