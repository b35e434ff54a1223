"""Whatever a reply says, the result is a permutation of the candidates that were shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.reranking.reply_parser import parse_reply, read_reply

PIECES = st.sampled_from(
    [
        '{"order": [',
        '"order"',
        "]",
        "}",
        "3, 1, 2",
        "1. [4]\n2. [2]",
        "-1",
        "99",
        "1e3",
        "null",
        '"2"',
        "2.0",
        ",",
        " > ",
    ]
)
REPLIES = st.one_of(
    st.text(max_size=300),
    st.lists(PIECES, max_size=12).map("".join),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["order", "reasons", "x"]), inner),
        max_leaves=20,
    ).map(json.dumps),
    st.lists(st.integers(-5, 60) | st.text(max_size=3)).map(
        lambda order: json.dumps({"order": order, "reasons": order})
    ),
)


@settings(max_examples=300, deadline=None)
@given(text=REPLIES, n=st.integers(1, 50), k=st.integers(1, 100))
@example(text="[" * 5_000, n=3, k=3)
@example(text='{"order": [' + "9" * 5_000 + "]}", n=3, k=3)
@example(text='{"order": [true, false, 1]}', n=3, k=3)
def test_for_any_text_the_result_is_a_permutation_of_the_candidates_shown(text: str, n: int, k: int) -> None:
    parsed = parse_reply(text, n, k)
    assert sorted(parsed.order) == list(range(n))
    assert 0 <= parsed.n_placed <= n
    rest = list(parsed.order[parsed.n_placed :])
    assert rest == sorted(rest)
    assert set(parsed.reasons) <= set(parsed.order[: parsed.n_placed])


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ('{"order": [3, 1]}', (2, 0)),
        ('```json\n{"order": [3, 1]}\n```', (2, 0)),
        ("3, 1, 2", (2, 0, 1)),
        ("[3] > [1] > [4]", (2, 0, 3)),
        ("The best order is:\n4\n2\n1", (3, 1, 0)),
        ("1. [4] a fine film\n2. [2] another", (3, 1)),
        ('{"order": ["2", 4.0, true, null]}', (1, 3)),
        ("I like number 3 most.", ()),
        ("A film from 1995, really.", ()),
        ("", ()),
    ],
)
def test_plain_orders_are_read_too(text: str, order: tuple[int, ...]) -> None:
    parsed = parse_reply(text, 5, 2)
    assert parsed.order[: parsed.n_placed] == order


def test_a_reason_belongs_to_the_number_beside_which_it_stands() -> None:
    parsed = parse_reply('{"order": [9, 2, 2, 1], "reasons": ["stranger", "two", "again", "one", "more"]}', 3, 3)
    assert dict(parsed.reasons) == {1: "two", 0: "one"}
    assert dict(parsed.repairs) == {"stranger": 1, "duplicate": 1, "missing": 1}


def test_places_beyond_those_asked_for_are_not_missing() -> None:
    assert "missing" not in parse_reply('{"order": [3, 1]}', 5, 2).repairs
    assert parse_reply('{"order": [3]}', 5, 2).repairs["missing"] == 1


def test_a_broken_number_is_a_stranger_and_a_whole_one_is_not() -> None:
    assert parse_reply('{"order": [2.7, 2.0, 1]}', 3, 2).order == (1, 0, 2)
    assert parse_reply('{"order": [2.7, 2.0, 1]}', 3, 2).repairs["stranger"] == 1


def test_what_comes_after_twenty_thousand_characters_is_not_read() -> None:
    assert parse_reply(" " * 20_000 + '{"order": [3, 1, 2]}', 3, 3).n_placed == 0
    assert parse_reply(" " * 19_000 + '{"order": [3, 1, 2]}', 3, 3).n_placed == 3


@pytest.mark.parametrize("text", ['{"order": [3, 1, 2]}.', 'x{"order": [3, 1, 2]}x', '{"order": [3, 1, 2]}'])
def test_what_stands_right_beside_the_object_is_no_part_of_it(text: str) -> None:
    found = parse_reply(text, 3, 3)
    assert found.order == (2, 0, 1)
    assert not found.repairs


def test_what_names_nobody_is_repaired_by_nothing_and_a_sentence_is_said_to_be_prose_once() -> None:
    assert not parse_reply("nobody knows", 3, 3).repairs
    assert parse_reply("I would say 3, 1, 2 here", 3, 3).repairs == {"prose": 1}
    assert parse_reply("1. [3]\n2. [1]\n3. [2]", 3, 3).repairs == {"prose": 1}
    assert parse_reply('{"order": [3, 1', 3, 3).repairs == {"truncated": 1, "missing": 1}


def test_a_reply_that_is_parsed_already_is_read_as_its_text_is() -> None:
    for order, reasons in (([3, 1, 9, 3], ["c", "a", "no", "again"]), ([2], []), ([], []), ([1, True, None], ["", 5])):
        assert read_reply(order, reasons, 3, 3) == parse_reply(json.dumps({"order": order, "reasons": reasons}), 3, 3)


def test_the_first_and_the_last_number_are_places_and_those_beyond_are_strangers() -> None:
    found = parse_reply('{"order": [0, 4, 3, 1]}', 3, 3)
    assert (found.order, found.n_placed) == ((2, 0, 1), 2)
    assert found.repairs == {"stranger": 2, "missing": 1}
