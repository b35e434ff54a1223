"""Guesses from the cells of columns whose names say nothing what they are: a proposal for the user, never applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from components.interactions import columns
from components.interactions.cells import is_empty, read_numbers, without_lists
from components.interactions.source import INTERACTIONS, USERS
from components.interactions.timestamps import interpret_times

_HEAD = 2000
_FEW_WORDS = 20
_FEW_NUMBERS = 50
_MANY_COLUMNS = 8


def guess_by_content(frame: pd.DataFrame, known: Mapping[str, str], table: str) -> dict[str, str]:
    """For columns of `table` that no name gives away (`known` are those that one does), what they look like.

    Ids are the first columns that are filled in every row, hold no fraction, no time and more than a few words, and do
    not number the rows; users stand before items, as in most files. Of interactions, a column with a few words without
    digits is the type, one with times the time, and the last other one with numbers the value. Empty where an id is
    missing.
    """
    head = frame.head(_HEAD).apply(without_lists)
    left = {str(name): head[name] for name in frame.columns if name not in known and head[name].nunique() > 1}
    guess: dict[str, str] = {}
    if table == INTERACTIONS:
        for name, cells in left.items():
            ours = columns.TIMESTAMP if _holds_times(cells) else columns.TYPE if _holds_few_words(cells) else None
            if ours is not None and ours not in (*known.values(), *guess.values()):
                guess[name] = ours
    users = () if table not in (INTERACTIONS, USERS) else (columns.USER,)
    items = () if table == USERS else (columns.ITEM,)
    wanted = [name for name in (*users, *items) if name not in known.values()]
    ids = [name for name, cells in left.items() if name not in guess and _may_be_ids(cells)]
    if len(ids) < len(wanted):
        return {}
    guess |= dict(zip(ids, wanted, strict=False))
    if table == INTERACTIONS and columns.VALUE not in known.values():
        numbers = [name for name, cells in left.items() if name not in guess and _holds_numbers(cells)]
        guess |= {numbers[-1]: columns.VALUE} if numbers else {}
    return {name: guess[name] for name in left if name in guess}


def is_matrix(frame: pd.DataFrame, known: Mapping[str, str]) -> bool:
    """Whether nearly all columns hold numbers and no name is known, as in a table with a column for each item."""
    left = [name for name in frame.columns if name not in known]
    head = frame.head(_FEW_NUMBERS)
    alike = [name for name in left if _holds_numbers(without_lists(head[name]))]
    return len(left) >= _MANY_COLUMNS and len(alike) >= 0.9 * len(left)


def looks_like_values(cells: pd.Series[Any]) -> bool:
    """Whether a column holds a few different numbers, as ratings and amounts do."""
    head = without_lists(cells.head(_HEAD))
    return _holds_numbers(head) and 1 < head.nunique() <= min(_FEW_NUMBERS, len(head) // 2)


def looks_like_times(cells: pd.Series[Any]) -> bool:
    """Whether nearly all cells can be read as times from 1990 on."""
    return _holds_times(without_lists(cells.head(_HEAD)))


def _may_be_ids(cells: pd.Series[Any]) -> bool:
    if is_empty(cells).any():
        return False
    numbers = read_numbers(cells).to_numpy(dtype=np.float64)
    if np.isnan(numbers).any():
        return True
    numbered = len(numbers) > 1 and bool((np.diff(numbers) == 1).all())
    return bool((numbers == np.floor(numbers)).all()) and not numbered


def _holds_numbers(cells: pd.Series[Any]) -> bool:
    return bool(read_numbers(cells[~is_empty(cells)]).notna().all())


def _holds_few_words(cells: pd.Series[Any]) -> bool:
    words = cells[~is_empty(cells)]
    few = words.nunique() <= min(_FEW_WORDS, len(words) // 10)
    return few and not words.astype(str).str.contains(r"\d").any()


def _holds_times(cells: pd.Series[Any]) -> bool:
    present = cells[~is_empty(cells)]
    try:
        read = interpret_times(present, day_first=True)
    except (TypeError, ValueError):
        return False
    return bool(len(present)) and bool((read.times >= pd.Timestamp("1990-01-01", tz="UTC")).mean() > 0.9)
