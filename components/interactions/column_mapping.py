"""Gives a source's columns the names that the platform uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pandas as pd

from components.interactions import columns
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS, SourceError

REQUIRED = {
    INTERACTIONS: (columns.USER, columns.ITEM, columns.TIMESTAMP),
    ITEMS: (columns.ITEM,),
    USERS: (columns.USER,),
    ITEM_VECTORS: (columns.ITEM, columns.VECTOR),
}
ALL_COLUMNS = tuple(dict.fromkeys(columns.INTERACTION_COLUMNS + columns.ITEM_COLUMNS))


def rename_columns(frame: pd.DataFrame, mapping: Mapping[str, str], table: str, origin: str) -> pd.DataFrame:
    """`frame` with the columns in `mapping` (name in the source -> our name) renamed; unmapped names stay.

    Raises:
        SourceError: two columns would have one name, or a required column is missing.
    """
    renamed = frame.rename(columns=dict(mapping))
    doubled = sorted(set(renamed.columns[renamed.columns.duplicated()].astype(str)))
    if doubled:
        raise SourceError(f"{origin}: more than one column is called {doubled[0]!r} under mapping={_shown(mapping)}")
    missing = [name for name in REQUIRED[table] if name not in renamed.columns]
    if missing:
        example = json.dumps({"your_column": missing[0]})
        raise SourceError(
            f"{origin}: no column {', '.join(missing)} (there are: {', '.join(map(str, frame.columns))}); "
            f"say which column it is with the option mapping, for example mapping={example}"
        )
    return renamed


def check_mapping(mapping: Mapping[str, str], available: Iterable[str], origin: str) -> None:
    """Raises SourceError when `mapping` names a column that none of the source's tables has."""
    available = sorted(available)
    strangers = [name for name in mapping if name not in available]
    if strangers:
        there = ", ".join(available)
        raise SourceError(
            f"{origin}: mapping names the column {strangers[0]!r}, which is not there (there are: {there})"
        )


def _shown(mapping: Mapping[str, str]) -> str:
    return json.dumps(dict(mapping))
