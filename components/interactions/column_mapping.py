"""Gives a source's columns the names that the platform uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pandas as pd

from components.interactions import columns
from components.interactions.column_names import propose_names
from components.interactions.content_guess import guess_by_content, is_matrix
from components.interactions.day_and_hour import find_day, join_day_and_hour
from components.interactions.raw_table import RawTable
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS, SourceError, SourceTables

REQUIRED = {
    INTERACTIONS: (columns.USER, columns.ITEM),
    ITEMS: (columns.ITEM,),
    USERS: (columns.USER,),
    ITEM_VECTORS: (columns.ITEM, columns.VECTOR),
}
_MOST_NAMES, _LONGEST_NAME = 30, 60
ALL_COLUMNS = tuple(dict.fromkeys(columns.INTERACTION_COLUMNS + columns.ITEM_COLUMNS))


def mapping_of_table(mapping: Mapping[str, str], table: str) -> dict[str, str]:
    """The part of `mapping` that holds for `table`: its keys are columns, or `TABLE.COLUMN` for one table alone."""
    everywhere = {name: ours for name, ours in mapping.items() if not _has_table(name)}
    here = {name.partition(".")[2]: ours for name, ours in mapping.items() if name.startswith(f"{table}.")}
    return {**everywhere, **here}


def find_names(frame: pd.DataFrame, mapping: Mapping[str, str], table: str, origin: str) -> dict[str, str]:
    """Which columns of `frame` are which of ours: as `mapping` says, then by name, then by what the world calls them.

    A column that `mapping` maps to "" is none of ours. Raises SourceError when a required column is missing.
    """
    names = [str(name) for name in frame.columns]
    asked = {name: ours for name, ours in mapping_of_table(mapping, table).items() if name in names}
    found = {name: ours for name, ours in asked.items() if ours}
    rest = [name for name in names if name not in asked]
    known = [*columns.INTERACTION_COLUMNS, *columns.ITEM_COLUMNS, columns.VECTOR]
    found |= {name: name for name in rest if name in known}
    found |= propose_names(rest, table, set(found.values()))
    missing = [name for name in REQUIRED[table] if name not in found.values()]
    if missing:
        guess = guess_by_content(frame, found, table) or {"your_column": missing[0]}
        shown = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..." for name in names[:_MOST_NAMES]]
        there = ", ".join(shown) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
        if is_matrix(frame, found):
            raise SourceError(
                f"{origin}: no column {', '.join(missing)} (there are: {there}); the columns look like one for each "
                "item or user: write a row for each pair of user and item with a value"
            )
        of_one = {f"{table}.{name}" if table != INTERACTIONS else name: ours for name, ours in guess.items()}
        raise SourceError(
            f"{origin}: no column {', '.join(missing)} (there are: {there}); "
            f"say which column it is with the option mapping, for example mapping={json.dumps(of_one)}"
        )
    return found


def rename_columns(frame: pd.DataFrame, mapping: Mapping[str, str], table: str, origin: str) -> pd.DataFrame:
    """`frame` under our names, as `find_names` finds them; columns that are none of ours keep their names.

    Raises:
        SourceError: two columns would have one name, or a required column is missing.
    """
    found = find_names(frame, mapping, table, origin)
    frame = _with_whole_times(frame, found)
    renamed = frame.rename(columns=found)
    dropped = [name for name, ours in mapping_of_table(mapping, table).items() if not ours and name in renamed]
    renamed = renamed.drop(columns=dropped)
    doubled = sorted(set(renamed.columns[renamed.columns.duplicated()].astype(str)))
    if doubled:
        raise SourceError(f"{origin}: more than one column is called {doubled[0]!r} under mapping={_shown(mapping)}")
    return renamed


def _with_whole_times(frame: pd.DataFrame, found: Mapping[str, str]) -> pd.DataFrame:
    """With the day in the column of times, where that has nothing but times of day and another column has the day."""
    hours, day = _hours_and_day(frame, found)
    return frame if day is None else frame.assign(**{hours: join_day_and_hour(frame[day], frame[hours])})


def _hours_and_day(frame: pd.DataFrame, found: Mapping[str, str]) -> tuple[str, str | None]:
    hours = next((name for name, ours in found.items() if ours == columns.TIMESTAMP), "")
    day = find_day(frame, hours) if hours else None
    return hours, None if day in found else day


def name_tables(
    raw: Mapping[str, RawTable],
    mapping: Mapping[str, str],
    origins: Mapping[str, str],
    origin: str,
    feed: Mapping[str, str] | None = None,
) -> SourceTables:
    """What readers gave, under our names; `raw` holds at least the interactions.

    Raises:
        SourceError: `mapping` names a column that is not there, two columns would have one name, or one is missing.
    """
    check_mapping(mapping, {table: map(str, part.frame.columns) for table, part in raw.items()}, origin)
    frames = {table: rename_columns(part.frame, mapping, table, origins[table]) for table, part in raw.items()}
    names: dict[str, Mapping[str, str | None]] = {}
    for table, part in raw.items():
        found = find_names(part.frame, mapping, table, origins[table])
        # Every other column of users is an attribute, which keeps its name.
        attribute = set(frames[table].columns) if table == USERS else set()
        names[table] = {
            name: found.get(name, name if name in attribute else None) for name in map(str, part.frame.columns)
        }
        if (day := _hours_and_day(part.frame, found)[1]) is not None:
            names[table] = {**names[table], day: columns.TIMESTAMP}
    return SourceTables(
        interactions=frames[INTERACTIONS],
        items=frames.get(ITEMS),
        users=frames.get(USERS),
        origins=dict(origins),
        item_vectors=frames.get(ITEM_VECTORS),
        damaged={table: part.damaged for table, part in raw.items()},
        read_as={table: part.read_as for table, part in raw.items()},
        names=names,
        feed=feed or {},
    )


def check_mapping(mapping: Mapping[str, str], available: Mapping[str, Iterable[str]], origin: str) -> None:
    """Raises SourceError when `mapping` names a column that its table, or none of the source's tables, has."""
    by_table = {table: {str(name) for name in names} for table, names in available.items()}
    for name in mapping:
        table, _, column = name.partition(".")
        if table in by_table and column:
            there, asked = by_table[table], column
        else:
            there, asked = set().union(*by_table.values()), name
        if asked not in there:
            raise SourceError(
                f"{origin}: mapping names the column {name!r} for {mapping[name] or 'nothing'}, which is not there "
                f"(there are: {', '.join(sorted(there))})"
            )


def _has_table(name: str) -> bool:
    table, dot, _ = name.partition(".")
    return bool(dot) and table in REQUIRED


def _shown(mapping: Mapping[str, str]) -> str:
    return json.dumps(dict(mapping))
