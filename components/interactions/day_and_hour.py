"""Puts together what shops' logs keep apart: a column with the day and one with the time of day."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

import pandas as pd

from components.interactions.cells import is_empty
from components.interactions.column_names import bare_name

_HOUR = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?")
_MIDNIGHT = re.compile(r"[ T]00:00(?::00(?:\.0+)?)?$")
_DAYS = ("date", "day", "orderdate", "invoicedate", "purchasedate", "eventdate", "transactiondate", "saledate")
_HEAD = 1000


def find_day(frame: pd.DataFrame, hours: str) -> str | None:
    """The column with the day that goes with `hours`, a column of times of day; None where `hours` is none or no other
    column has the name of a day."""
    if not holds_hours(frame[hours]):
        return None
    named = [name for name in map(str, frame.columns) if bare_name(name) in _DAYS and name != hours]
    return next((name for name in named if not holds_hours(frame[name])), None)


def holds_hours(cells: pd.Series[Any]) -> bool:
    """Whether all filled cells at the beginning are times of day."""
    if cells.dtype.kind in "iufbM":
        return False
    head = cells.head(_HEAD)
    head = head[~is_empty(head)]
    return len(head) > 0 and all(isinstance(cell, time) or _HOUR.fullmatch(str(cell).strip()) for cell in head)


def join_day_and_hour(days: pd.Series[Any], hours: pd.Series[Any]) -> pd.Series[Any]:
    """Text with the day and the time of day; missing where there is no day, the day alone where there is no time."""
    day = days.map(_text_of_day).str.replace(_MIDNIGHT, "", regex=True)
    hour = hours.map(str).str.strip().mask(is_empty(hours), "")
    return (day + " " + hour).str.strip().mask(is_empty(days), None).astype(object)


def _text_of_day(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
