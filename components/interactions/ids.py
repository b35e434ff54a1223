"""Reads ids by one rule, wherever they come from: what a cell names, or why it names nobody."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

GOOD = ""
MISSING = "is missing"
ROUNDED = "is a number that a column of floats has rounded; store ids as text or integers"
SPREADSHEET = "was rounded by a spreadsheet; export the column as text"
TOO_LONG = "is longer than 256 characters"
CONTROL = "holds control characters"
SEVERAL = "is a list; write a row for each of its members"

MAX_LENGTH = 256
"""As over HTTP: components/serving/requests.py."""
_EXACT_FLOATS = 2**53
_BROKEN_NUMBERS = (float, np.floating, Decimal)
# What Python, pandas and databases (\N) write where there is nothing. NA and null are left alone: a country and a name.
NOTHING = frozenset({"", "nan", "none", "nat", "<na>", "\\n"})
_LIST = object()
_WIDENED = re.compile(r"-?\d+(?:\.0+)?")
_EXPONENT = re.compile(r"-?\d(?:[.,]\d+)?[eE]\+\d{2,}")
_PARTED = re.compile(r"-?\d{1,3}(?:,\d{3})*")
_FORMULA = re.compile(r'="(.*)"')
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Characters without a width, which pages and exports leave around words."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Ids:
    """`ids` is a category of text in the order of text, missing where `faults` is not GOOD; both have raw's index.

    A fault reads on after the name of the column: "user_id is missing".
    """

    ids: pd.Series[Any]
    faults: pd.Series[str]


def read_ids(raw: pd.Series[Any], part: bool = False) -> Ids:
    """Ids as text, blanks and what nobody sees around them cut off; ="007", as text is kept from spreadsheets, is 007.

    Whole floats are the integers that a gap has widened on its way through pandas (47.0 is 47), as text only where the
    whole column is like that, and so are numbers with thousands apart (12,345). Beyond 2**53 a float has been rounded,
    and 1.23457E+12 by a spreadsheet: such an id would make one user of many, so it is a fault. "NA" and "null" are ids.
    A `part` of a column does not show what the whole column is like: its texts stay as they are.
    """
    codes, uniques = _factorize(raw)
    read = [_read(value) for value in uniques]
    read = read if part else _without_widening(read)
    texts = np.array([text for text, _ in read], dtype=object)
    faults = np.array([fault for _, fault in read], dtype=object)
    # The last entry stands for a missing cell, which has the code -1.
    fault_of = np.append(faults, MISSING)
    good = fault_of[:-1] == GOOD
    rank = np.full(len(fault_of), -1, dtype=np.int32)
    names, place = np.unique(texts[good].astype(str), return_inverse=True)
    rank[np.flatnonzero(good)] = place
    categories = pd.Index(names.astype(object), dtype=object)
    ids = pd.Series(pd.Categorical.from_codes(rank[codes], categories=categories), index=raw.index)
    return Ids(ids, pd.Series(fault_of[codes], index=raw.index, dtype=object))


def _factorize(raw: pd.Series[Any]) -> tuple[Any, list[Any]]:
    try:
        codes, uniques = pd.factorize(raw)
    except TypeError:  # a list or another thing that cannot be hashed
        codes, uniques = pd.factorize(raw.map(lambda cell: cell if isinstance(cell, Hashable) else _LIST))
    return codes, list(np.asarray(uniques, dtype=object))


def _read(value: Any) -> tuple[str, str]:
    """The text of one cell, and its fault."""
    if value is _LIST:
        return "", SEVERAL
    if isinstance(value, _BROKEN_NUMBERS):
        number: Any = value
        if number != number:
            return "", MISSING
        if abs(number) < float("inf") and number == int(number):
            exact = isinstance(value, Decimal) or abs(number) <= _EXACT_FLOATS
            return str(int(number)), GOOD if exact else ROUNDED
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    text = str(value).strip().strip(_INVISIBLE).strip()
    if formula := _FORMULA.fullmatch(text):
        text = formula[1].strip()
    if text.casefold() in NOTHING:
        return "", MISSING
    if _EXPONENT.fullmatch(text):
        return text, SPREADSHEET
    if len(text) > MAX_LENGTH:
        return text, TOO_LONG
    return text, CONTROL if _CONTROL.search(text) else GOOD


def _without_widening(read: list[tuple[str, str]]) -> list[tuple[str, str]]:
    good = [text for text, fault in read if fault == GOOD]
    if any("," in text for text in good) and all(map(_PARTED.fullmatch, good)):
        return [(text.replace(",", ""), fault) for text, fault in read]
    if not any("." in text for text in good) or not all(map(_WIDENED.fullmatch, good)):
        return read
    return [_narrowed(text) if fault == GOOD else (text, fault) for text, fault in read]


def _narrowed(text: str) -> tuple[str, str]:
    whole, point, _ = text.partition(".")
    return whole, ROUNDED if point and abs(int(whole)) > _EXACT_FLOATS else GOOD
