"""Reads the cells of a raw table that are no ids and no times: texts, labels and numbers, whatever type they have."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
import orjson
import pandas as pd

from components.interactions.columns import TAG_SEPARATOR

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_COMMAS_PART = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINTS_PART = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_LESS_THAN_ONE = re.compile(r"[+-]?0,\d+")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ '’\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?")
_SPACES = re.compile(r"[ '’\u00a0\u2009\u202f]")
_POINTED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+")


def read_texts(raw: pd.Series[Any]) -> pd.Series[str]:
    """Cells as text, "" where there is none; the members of a list with `|` between them."""
    return _by_unique(raw, lambda value: _joined(value) if _is_list(value) else str(value))


def read_tags(raw: pd.Series[Any]) -> pd.Series[str]:
    """Labels with `|` between them, "" where there are none; a list may also be written as JSON or Python text."""
    return _by_unique(raw, lambda value: _joined(_as_list(value)))


def read_first_label(raw: pd.Series[Any]) -> pd.Series[str]:
    """One label, "" where there is none: of a list, also of one that is written as text, the first."""
    return _by_unique(raw, lambda value: next((str(part) for part in _as_list(value)), ""))


def read_numbers(raw: pd.Series[Any]) -> pd.Series[float]:
    """Cells as float64, NaN where there is no number.

    Where nothing but numbers with a comma (4,5) are left over, and not all of them may be thousands (1,299), the comma
    is the decimal one. Where some of them can only be read with thousands apart (1,299.00, 1,299,000 or 1.299,00), or
    numbers below a thousand stand beside them without a comma, all are read so. A blank or an apostrophe between digits
    parts thousands.
    """
    if pd.api.types.is_numeric_dtype(raw.dtype) and not isinstance(raw.dtype, pd.CategoricalDtype):
        return raw.astype("float64")
    codes, uniques = pd.factorize(without_lists(raw))
    cells = pd.Series(np.asarray(uniques, dtype=object), dtype=object)
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    left = cells[numbers.isna()].astype(str).str.strip()
    left = left[left != ""]
    spaced = left[left.str.fullmatch(_SPACED)].str.replace(_SPACES, "", regex=True)
    whole = pd.to_numeric(spaced, errors="coerce")
    numbers[spaced.index] = whole
    left = pd.concat([left.drop(spaced.index), spaced[whole.isna()]])
    if len(left) and left.str.contains(",", regex=False).all():
        found = _with_commas(left, cells[numbers.notna()])
        numbers[found.index] = found
    return pd.Series(np.append(numbers.to_numpy(), np.nan)[codes], index=raw.index)


def _with_commas(left: pd.Series[str], others: pd.Series[Any]) -> pd.Series[float]:
    """Numbers of `left`, cells that all hold a comma, and of those of `others` that are then others than they seemed;
    nothing where what a comma means is in doubt."""
    if left.str.fullmatch(_DECIMAL_COMMA).all() and not left.str.fullmatch(_THOUSANDS).all():
        return pd.to_numeric(left.str.replace(",", ".", regex=False))
    if (
        left.str.fullmatch(_COMMAS_PART).all()
        and (left.str.contains(".", regex=False) | (left.str.count(",") > 1)).any()
    ):
        return pd.to_numeric(left.str.replace(",", "", regex=False))
    if left.str.fullmatch(_THOUSANDS).all() and not left.str.fullmatch(_LESS_THAN_ONE).any() and len(others):
        whole = pd.to_numeric(others, errors="coerce")
        if (whole.abs().lt(1000) & (whole % 1 == 0)).all():
            return pd.to_numeric(left.str.replace(",", "", regex=False))
    pointed = others.astype(str).str.strip()
    pointed = pointed[pointed.str.contains(".", regex=False)]
    apart = left.str.contains(".", regex=False).any() and left.str.fullmatch(_POINTS_PART).all()
    if apart and pointed.str.fullmatch(_POINTED).all():
        whole = pd.concat([left, pointed]).str.replace(".", "", regex=False)
        return pd.to_numeric(whole.str.replace(",", ".", regex=False))
    return pd.Series(dtype="float64")


def without_lists(raw: pd.Series[Any]) -> pd.Series[Any]:
    """`raw` with nothing in the place of lists and of what else cannot be compared as a whole."""
    if raw.dtype != object:
        return raw
    plain = raw.map(lambda cell: isinstance(cell, Hashable)).astype(bool)
    return raw if plain.all() else raw.where(plain)


def is_empty(raw: pd.Series[Any]) -> pd.Series[bool]:
    """Where a cell is missing or blank."""
    return _by_unique(raw, lambda value: str(value).strip() == "", missing=True).astype(bool)


def is_one_of(raw: pd.Series[Any], words: frozenset[str]) -> pd.Series[bool]:
    """Where a cell is one of `words`, whatever its case and the blanks around it; not where it is missing."""
    return _by_unique(raw, lambda value: str(value).strip().casefold() in words, missing=False).astype(bool)


def find_repeats(frame: pd.DataFrame, keys: list[str]) -> pd.Series[bool]:
    """True for each row whose `keys` another row has that stays.

    Of rows with the same keys the one whose other cells come first as text stays, and of wholly equal rows the first,
    so that the order of the rows decides nothing but which of two equal rows is named.
    """
    repeats = pd.Series(False, index=frame.index)
    shared = frame[frame.duplicated(keys, keep=False)]
    if len(shared):
        others = [name for name in frame.columns if name not in keys]
        ordered = shared.astype(str).sort_values([*keys, *others], kind="stable")
        repeats[ordered.index[ordered.duplicated(keys)]] = True
    return repeats


def _by_unique(raw: pd.Series[Any], rule: Callable[[Any], Any], missing: Any = "") -> pd.Series[Any]:
    """`rule` of each cell, asked once for equal ones; `missing` where there is no cell."""
    try:
        codes, uniques = pd.factorize(raw)
    except TypeError:  # lists cannot be hashed
        cells = [missing if _is_missing(value) else rule(value) for value in raw]
        return pd.Series(cells, index=raw.index, dtype=object)
    found = np.array([*map(rule, np.asarray(uniques, dtype=object)), missing], dtype=object)
    return pd.Series(found[codes], index=raw.index, dtype=object)


def _is_missing(value: Any) -> bool:
    return not _is_list(value) and bool(pd.isna(value))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | np.ndarray)


def _as_list(value: Any) -> list[Any]:
    if _is_list(value):
        return list(value)
    text = str(value)
    if text[:1] == "[" and text.rstrip()[-1:] == "]":
        for parse in (orjson.loads, ast.literal_eval):
            try:
                parsed = parse(text)
            except (ValueError, SyntaxError):
                continue
            if isinstance(parsed, list):
                return parsed
    return [text]


def _joined(parts: Iterable[Any]) -> str:
    return TAG_SEPARATOR.join(str(part) for part in parts if not _is_missing(part))
