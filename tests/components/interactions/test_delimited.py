"""Delimited text in any dialect: every row ends in one place, and a lone quote swallows none."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.interactions.delimited import read_delimited
from components.interactions.raw_table import NOT_UTF8, OPEN_QUOTE, WRONG_WIDTH, UnreadableError

DIALECTS = 300
HEADER = ["user_id", "item_id", "title", "value", "timestamp"]


def as_rows(data: bytes, name: str = "x.csv") -> list[list[str | None]]:
    frame = read_delimited(data, name).frame
    return [[None if pd.isna(cell) else str(cell) for cell in row] for row in frame.to_numpy().tolist()]


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[list[str]], list[str]]:
    """A file in some dialect, its good rows, and the faults of the rows that were damaged, in order."""
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    quoting = draw(st.sampled_from(["minimal", "all", "escaped", "none"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    letters = "abcXYZ 0189-_'éüñß" + ("" if quoting == "none" else ',;|\t"')
    titles = st.text(letters, min_size=1, max_size=12).filter(lambda text: text == text.strip())
    if encoding == "cp1252":
        # As words have them: two letters with accents side by side are a sign of another alphabet.
        titles = titles.map(lambda text: re.sub("([éüñß])[éüñß]+", r"\1", text))
    if quoting == "none":
        titles = titles.filter(lambda text: delimiter not in text)
        # A lone quote is a letter where nothing is quoted.
        titles = st.one_of(titles, titles.map(lambda text: f'"{text}'), titles.map(lambda text: f'{text}"'))
    # Not where each line could be a row of its own: there two lone quotes are likelier, and no row is swallowed.
    several = titles.map(lambda text: f"{text}\n{text}").filter(lambda text: delimiter not in text)
    lines = titles if quoting in ("none", "escaped") else st.one_of(titles, several)
    rows = [
        [f"u{n}", f"i{draw(st.integers(0, 9))}", draw(lines), draw(st.sampled_from(["4", "4.5"])), str(1600000000 + n)]
        for n in range(draw(st.integers(2, 25)))
    ]
    records = [_written(row, delimiter, quoting) for row in [HEADER, *rows]]
    faults: list[str] = []
    good = list(rows)
    places = sorted(draw(st.sets(st.integers(1, len(rows)), max_size=2)), reverse=True)
    # Where nothing else shows that quotes quote, a row that opens one has a letter, and no fault.
    quotes = quoting in ("all", "escaped") or any(
        '""' in record for place, record in enumerate(records) if place not in places
    )
    for place in places:
        # Where nothing is quoted, a row that has a lone quote and is too wide may be the first line of a longer cell.
        if len(good) <= 2 or (quoting == "none" and '"' in records[place]):
            continue
        damage = draw(st.sampled_from([WRONG_WIDTH, WRONG_WIDTH, *([OPEN_QUOTE] if quotes else [])]))
        if damage == OPEN_QUOTE:
            records[place] = delimiter.join(["u", "i", '"never closed', "4", "1600000000"])
        else:
            records[place] += delimiter + "more"
        faults.insert(0, damage)
        del good[place - 1]
    return newline.join([*records, ""]).encode(encoding), good, faults


def _written(row: list[str], delimiter: str, quoting: str) -> str:
    if quoting == "none":
        return delimiter.join(row)
    if quoting == "escaped":
        return delimiter.join('"' + cell.replace('"', '\\"') + '"' for cell in row)
    text = io.StringIO()
    kind = csv.QUOTE_ALL if quoting == "all" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, quoting=kind, lineterminator="\n").writerow(row)
    return text.getvalue().removesuffix("\n")


@settings(max_examples=DIALECTS, deadline=None)
@given(files())
def test_every_row_of_a_file_in_any_dialect_ends_in_exactly_one_place(
    case: tuple[bytes, list[list[str]], list[str]],
) -> None:
    data, good, faults = case
    read = read_delimited(data, "x.csv")
    numbers = sorted([*read.frame.index, *(row.number for row in read.damaged)])
    assert numbers == list(range(len(good) + len(faults)))
    # A row that is too wide may hold a lone quote as well, which is then named first.
    assert len(read.damaged) == len(faults)
    assert all(row.reason in (fault, OPEN_QUOTE) for row, fault in zip(read.damaged, faults, strict=True))
    assert as_rows(data) == good


@pytest.mark.parametrize("cell", ['"Twelve inch', 'Twelve" inch', '"Weird Al" Yankovic', '5" of 7"', 'the end"'])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_lone_quote_swallows_no_row_where_nothing_is_quoted(cell: str, delimiter: str) -> None:
    rows = [[f"u{n}", f"i{n}", cell if n in (3, 11) else f"T{n}"] for n in range(20)]
    lines = [delimiter.join(row) for row in [["user_id", "item_id", "title"], *rows]]
    assert as_rows("\n".join(lines).encode()) == rows


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_lone_quote_in_a_file_that_quotes_costs_its_own_row_alone(delimiter: str) -> None:
    rows = [[f"u{n}", f"i{n}", f"T {n}{delimiter} or so"] for n in range(20)]
    lines = [_written(row, delimiter, "minimal") for row in [["user_id", "item_id", "title"], *rows]]
    lines[5] = delimiter.join(["u4", "i4", '"open'])
    read = read_delimited("\n".join(lines).encode(), "x.csv")
    assert [(row.number, row.reason, row.text) for row in read.damaged] == [(4, OPEN_QUOTE, lines[5])]
    assert len(read.frame) == 19
    assert read.frame.index.tolist() == [n for n in range(20) if n != 4]


def test_a_quote_before_a_delimiter_may_be_escaped() -> None:
    rows = ['"u0";"i0";"Low"', '"u1";"i1";"\\";0"', '"u2";"i2";"\\"Heroes\\""']
    assert [row[2] for row in as_rows("\n".join(['"user_id";"item_id";"title"', *rows]).encode())] == [
        "Low",
        '";0',
        '"Heroes"',
    ]


def test_a_delimiter_may_be_escaped_where_nothing_is_quoted_and_a_backslash_alone_is_a_letter() -> None:
    escaped = b"user_id,item_id,title\nu1,i1,One\\, two\n\\N,i2,a\\\\b\n"
    assert as_rows(escaped) == [["u1", "i1", "One, two"], [None, "i2", "a\\b"]]
    assert as_rows(b"user_id,item_id,title\nu1,C:\\,x\n") == [["u1", "C:\\", "x"]]


def test_quotes_of_a_tab_separated_file_are_quotes_where_a_whole_column_has_them() -> None:
    assert as_rows(b'user_id\titem_id\n"u1"\t"i1"\n"u2"\t"i2"\n') == [["u1", "i1"], ["u2", "i2"]]
    assert as_rows(b'user_id\ttitle\nu1\t"Heroes"\nu2\tLow\n') == [["u1", '"Heroes"'], ["u2", "Low"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1251"])
def test_the_encoding_is_found_and_said(encoding: str) -> None:
    word = "Сталкер Зеркало Солярис" if encoding == "cp1251" else "Amélie ça naïve"
    text = "user_id;item_id;title\n" + "".join(f"u{n};i{n};{word} {n}\n" for n in range(30))
    read = read_delimited(text.encode(encoding), "x.csv")
    assert read.frame["title"].tolist() == [f"{word} {n}" for n in range(30)]
    assert "text in" in read.read_as
    assert "semicolon" in read.read_as


def test_bytes_that_are_no_text_cost_their_own_row() -> None:
    lines = [f"u{n},i{n},é{n}".encode() for n in range(20)]
    lines[7] = b"u7,i7,\xff\xfe"
    read = read_delimited(b"user_id,item_id,title\n" + b"\n".join(lines), "x.csv")
    assert [(row.number, row.reason) for row in read.damaged] == [(7, NOT_UTF8)]
    assert len(read.frame) == 19


def test_a_file_without_a_header_loses_no_row_to_it() -> None:
    read = read_delimited(b"1\t2\t3\n4\t5\t6\n", "plays.tsv")
    assert read.frame.columns.tolist() == ["1", "2", "3"]
    assert as_rows(b"1\t2\t3\n4\t5\t6\n") == [["1", "2", "3"], ["4", "5", "6"]]
    assert read_delimited(b"u1::i1::5::1\n", "ratings.dat").frame.columns.tolist() == [
        "user_id",
        "item_id",
        "value",
        "timestamp",
    ]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("user_id,item_id\n1,a,\n2,b,\n", ["user_id", "item_id", "nothing"], 2),
        ("user_id,item_id\n1,u,a\n2,v,b\n", ["row number", "user_id", "item_id"], 2),
        ("sep=;\nuser_id;item_id\n1;a\n", ["user_id", "item_id"], 1),
        ("# user_id\titem_id\n1\ta\n", ["user_id", "item_id"], 1),
        ("\n\nuser_id,item_id\n\n1,a\n\n", ["user_id", "item_id"], 1),
        ("user_id,item_id\r1,a\r2,b\r", ["user_id", "item_id"], 2),
        ("user_id,item_id\n1,a\n2,b", ["user_id", "item_id"], 2),
        ("user_id,item_id\n", ["user_id", "item_id"], 0),
        (",item_id\n0,a\n", ["unnamed 1", "item_id"], 1),
    ],
)
def test_habits_of_other_programs_are_understood(text: str, columns: list[str], rows: int) -> None:
    read = read_delimited(text.encode(), "x.csv")
    assert (read.frame.columns.tolist(), len(read.frame), read.damaged) == (columns, rows, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("user\n1\n", "one column"),
        ("a,b,a\n1,2,3\n", "two columns"),
        ("a,b\n1\n2\n", "none of"),
    ],
)
def test_what_is_no_table_is_named(text: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_delimited(text.encode(), "x.csv")
