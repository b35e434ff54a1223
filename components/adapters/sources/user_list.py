"""Reads a list of users from a file, their ids by the rule that an ingest reads them by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from components.adapters.sources.stored_bytes import StoredPlace, fetch, locate
from components.adapters.sources.tables import read_table
from components.interactions.column_mapping import find_names
from components.interactions.column_names import propose_names
from components.interactions.columns import USER
from components.interactions.ids import GOOD, MISSING, read_ids
from components.interactions.source import USERS, SourceError
from components.interactions.text_encoding import spell_as_utf8

_TABLES = (".parquet", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson")
_DELIMITER = re.compile(r"[,;\t|]")


def read_user_list(address: Path | str) -> list[str]:
    """The users of a table with a column of users, or of a text with one id a line, each once, in order.

    Rows and lines without an id are passed over.

    Raises:
        SourceError: the file is missing or damaged, or an id is one that an ingest would refuse.
    """
    place = locate(str(address))
    if not place.exists():
        raise SourceError(f"{place.shown} does not exist")
    read = read_ids(_column(place))
    refused = read.faults[~read.faults.isin([GOOD, MISSING])]
    if len(refused):
        raise SourceError(f"{place.shown}: the id in row {int(refused.index[0]) + 1} {refused.iloc[0]}")
    return [str(each) for each in read.ids.dropna().unique()]


def _column(place: StoredPlace) -> pd.Series[Any]:
    if place.is_folder() or place.name.lower().endswith(_TABLES):
        return _of_table(place)
    text = spell_as_utf8(fetch(place).data).text.decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    header = [_bare(cell) for cell in _DELIMITER.split(lines[0])] if lines else []
    if len(header) > 1 and any(map(_names_users, header)):
        return _of_table(place)
    ids = [_bare(line) for line in lines]
    return pd.Series(ids[1:] if ids and _names_users(ids[0]) else ids, dtype=object)


def _of_table(place: StoredPlace) -> pd.Series[Any]:
    frame = read_table(place, USERS).frame
    named = find_names(frame, {}, USERS, place.shown)
    column: pd.Series[Any] = frame[next(theirs for theirs, ours in named.items() if ours == USER)]
    return column


def _bare(cell: str) -> str:
    text = cell.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _names_users(name: str) -> bool:
    return name == USER or bool(propose_names([name], USERS))
