"""Reads the cells of a raw table: ids, texts and numbers, whatever type the source gave them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_NULL_WORDS = ("", "nan", "null", "none", "nat", "<na>")
_WIDENED_INTEGER = r"-?\d+\.0"


def read_ids(raw: pd.Series[Any]) -> pd.Series[str]:
    """Ids as text, missing where there is none: a missing cell, blank text, or a word for null such as NaN.

    A column of nothing but whole floats ("42.0") is a column of integers that a gap has widened on its way through
    pandas; its ids are read as the integers they were.
    """
    is_null = raw.isna() | raw.astype(str).str.strip().str.lower().isin(_NULL_WORDS)
    ids = raw[~is_null].astype(str)
    if len(ids) and ids.iloc[0].endswith(".0") and ids.str.fullmatch(_WIDENED_INTEGER).all():
        ids = ids.str.removesuffix(".0")
    found = pd.Series(None, index=raw.index, dtype=object)
    found[~is_null] = ids
    return found


def read_texts(raw: pd.Series[Any]) -> pd.Series[str]:
    """Cells as text, "" where there is none."""
    return raw.astype(object).where(raw.notna(), "").astype(str)


def read_numbers(raw: pd.Series[Any]) -> pd.Series[float]:
    """Cells as float64, NaN where there is no number."""
    return pd.to_numeric(raw.astype(object).where(raw.notna(), np.nan), errors="coerce").astype("float64")


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
