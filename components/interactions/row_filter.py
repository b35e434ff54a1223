"""Leaves out rows of a source that the user does not want, by conditions such as `Quantity > 0`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from components.interactions.cells import read_numbers, read_texts
from components.interactions.ids import NOTHING
from components.interactions.source import INTERACTIONS, ITEMS, USERS, SourceError

_CONDITION = re.compile(r"\s*(?P<column>.+?)\s*(?P<sign>==|!=|<=|>=|!~|=|<|>|~)\s*(?P<value>.*?)\s*")
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": lambda cells, value: cells == value,
    "==": lambda cells, value: cells == value,
    "!=": lambda cells, value: cells != value,
    "<": lambda cells, value: cells < value,
    "<=": lambda cells, value: cells <= value,
    ">": lambda cells, value: cells > value,
    ">=": lambda cells, value: cells >= value,
}


@dataclass(frozen=True)
class Condition:
    """What a row of `table` must fulfil to be kept; `text` is what the user wrote."""

    table: str
    column: str
    sign: str
    value: str
    text: str


def parse_condition(text: str) -> Condition:
    """A condition from text: COLUMN or TABLE.COLUMN, a sign, a value.

    Signs are = != < <= > >=, by number where the value is one and else by text, and ~ and !~ for a regular expression
    that is found, or not found, in the cell, which is empty where it says that there is nothing.

    Raises:
        SourceError: the text is no condition, or the regular expression is none.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise SourceError(f'ingest.filters: {text!r} is no condition; write it like "Quantity > 0" or "Invoice !~ ^C"')
    table, dot, column = match["column"].partition(".")
    if not dot or table not in (INTERACTIONS, ITEMS, USERS):
        table, column = INTERACTIONS, match["column"]
    if match["sign"].endswith("~"):
        try:
            re.compile(match["value"])
        except re.error as error:
            raise SourceError(f"ingest.filters: {match['value']!r} is no regular expression: {error}") from error
    return Condition(table, column, match["sign"], match["value"], text)


def find_unwanted(
    frame: pd.DataFrame, conditions: Sequence[Condition], names: Mapping[str, str | None]
) -> pd.Series[str]:
    """For each row the condition that it does not fulfil, as text, "" where it fulfils all.

    A condition names a column as the source does (`names` goes from there to ours) or as we do.

    Raises:
        SourceError: a condition names a column that is not there.
    """
    unwanted = pd.Series("", index=frame.index, dtype=object)
    for condition in conditions:
        column = names.get(condition.column) or condition.column
        if column not in frame:
            there = ", ".join(map(str, names or frame.columns))
            raise SourceError(
                f"ingest.filters: {condition.text!r} names a column that is not there (there are: {there})"
            )
        unwanted = unwanted.mask((unwanted == "") & ~_fulfils(frame[column], condition), condition.text)
    return unwanted


def _fulfils(cells: pd.Series[Any], condition: Condition) -> pd.Series[bool]:
    if condition.sign.endswith("~"):
        texts = read_texts(cells).astype(str)
        texts = texts.mask(texts.str.strip().str.casefold().isin(NOTHING), "")
        found: pd.Series[bool] = texts.str.contains(condition.value, regex=True)
        return ~found if condition.sign == "!~" else found
    compare = _COMPARISONS[condition.sign]
    try:
        value = float(condition.value)
    except ValueError:
        found = compare(read_texts(cells).astype(str).str.strip(), condition.value)
    else:
        found = compare(read_numbers(cells), value)
    return found
