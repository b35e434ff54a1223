from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from components.interactions.ids import CONTROL, GOOD, MISSING, ROUNDED, SPREADSHEET, TOO_LONG, read_ids


def texts(raw: pd.Series) -> list[str | None]:
    read = read_ids(raw).ids.astype(object)
    return [None if pd.isna(cell) else cell for cell in read]


def test_ids_are_the_text_of_the_source_without_blanks_around_it_and_missing_where_there_is_none() -> None:
    raw = pd.Series(["007", " u1", "u1 ", "\u00a0u1\t", " ", "", None, float("nan"), "NaN", "None", 42], dtype=object)
    assert texts(raw) == ["007", "u1", "u1", "u1", None, None, None, None, None, None, "42"]
    assert (read_ids(raw).faults == MISSING).sum() == 6


def test_na_and_null_are_ids_as_any_other_word_is() -> None:
    assert texts(pd.Series(["NA", "null", "n/a", "U1", "u1"])) == ["NA", "null", "n/a", "U1", "u1"]


@pytest.mark.parametrize(
    "raw",
    [
        pd.Series([1.0, None, 42.0]),
        pd.Series(["1.0", "", "42.0"]),
        pd.Series(["1", "", "42.0"]),
        pd.Series(["1.00", None, "42.000"]),
        pd.Series([1, None, 42], dtype="Int64"),
        pd.Series([1, None, 42.0], dtype=object),
        pd.Series([Decimal("1"), None, Decimal("42.0")], dtype=object),
        pd.Series([1.0, None, 42.0], dtype=object),
        pd.Series(["1", None, "42"], dtype="category"),
        pd.Series(["1", None, "42"], dtype=pd.StringDtype("pyarrow")),
    ],
)
def test_the_same_integers_read_alike_whatever_type_a_gap_or_a_format_gave_them(raw: pd.Series) -> None:
    assert texts(raw) == ["1", None, "42"]


def test_ids_that_only_look_like_floats_here_and_there_stay_as_they_are() -> None:
    assert texts(pd.Series(["1.0", "1.1"])) == ["1.0", "1.1"]
    assert texts(pd.Series(["1.0", "v2"])) == ["1.0", "v2"]


def test_numbers_with_thousands_apart_are_whole_where_all_of_a_column_are_and_else_stay_as_they_are() -> None:
    assert texts(pd.Series(["12,345", "999", "-1,000"])) == ["12345", "999", "-1000"]
    assert texts(pd.Series(["12,345", "1,2"])) == ["12,345", "1,2"]
    assert texts(pd.Series(["12,345", "x"])) == ["12,345", "x"]


def test_what_spreadsheets_and_pages_put_around_an_id_is_none_of_it() -> None:
    raw = pd.Series(['="007"', '=" u1 "', "\u200bu1", "u1\ufeff ", "\u200b", '=""', "a\u200bb"])
    assert texts(raw) == ["007", "u1", "u1", "u1", None, None, "a\u200bb"]


def test_a_number_that_a_float_has_rounded_is_refused_and_an_exact_one_is_not() -> None:
    read = read_ids(pd.Series([2.0**53, 2.0**53 + 2, -(2.0**60), 1e16]))
    assert read.faults.tolist() == [GOOD, ROUNDED, ROUNDED, ROUNDED]
    assert texts(pd.Series([2**53 + 1, 10**18])) == ["9007199254740993", "1000000000000000000"]
    assert texts(pd.Series([2**53 + 1, 10**20], dtype=object)) == ["9007199254740993", "100000000000000000000"]
    assert read_ids(pd.Series(["10000000000000002.0", "3.0"])).faults.tolist() == [ROUNDED, GOOD]


def test_an_id_that_a_spreadsheet_has_rounded_is_refused() -> None:
    raw = pd.Series(["1.23457E+12", "1,23457E+12", "9e+15", "5E10", "E+12", "1.5"])
    assert read_ids(raw).faults.tolist() == [SPREADSHEET, SPREADSHEET, SPREADSHEET, GOOD, GOOD, GOOD]


def test_what_http_would_not_take_is_refused() -> None:
    raw = pd.Series(["x" * 256, "x" * 257, "a\nb", "a\x00", "é"])
    assert read_ids(raw).faults.tolist() == [GOOD, TOO_LONG, CONTROL, CONTROL, GOOD]


def test_ids_are_in_the_order_of_text_and_keep_the_index() -> None:
    read = read_ids(pd.Series(["b", "a", "c"], index=[5, 3, 9])).ids
    assert read.cat.categories.tolist() == ["a", "b", "c"]
    assert read.index.tolist() == [5, 3, 9]


def test_a_list_is_an_id_of_nobody_that_crashes_nothing() -> None:
    assert len(read_ids(pd.Series([["a"], np.array([1]), None], dtype=object)).ids) == 3
