"""Inserts that ignore repeats and cost Python next to nothing, since the event loop waits while Python is busy.

SQLAlchemy's own treatment of parameters holds the interpreter for milliseconds per batch. `text_insert` gives rows to
the driver as they are; `json_insert` gives it a whole batch as one JSON text that the database takes apart, for which
SQLite lets go of the interpreter from beginning to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_ignoring(dialect: str, table: Table, keys: Sequence[str]) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves a row of the same `keys` as it is."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=keys)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=keys)


def text_insert(engine: Engine, table: Table) -> Callable[[Connection, Sequence[Row]], None]:
    """Inserts full rows of `table`, its columns of JSON as text."""
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    statement = insert_ignoring(engine.dialect.name, table, keys)
    compiled = statement.compile(dialect=engine.dialect, column_keys=names)
    text, order = str(compiled), compiled.positiontup

    def insert(connection: Connection, rows: Sequence[Row]) -> None:
        if order is None:
            connection.exec_driver_sql(text, [dict(row) for row in rows])
        else:
            connection.exec_driver_sql(text, [tuple([row[name] for name in order]) for row in rows])

    return insert


def json_insert(engine: Engine, table: Table) -> Callable[[Connection, Sequence[Sequence[Any]]], None]:
    """Inserts rows that are values in the order of the columns of `table`, which has none of JSON."""
    quote = engine.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    if engine.dialect.name == "postgresql":
        types = [column.type.compile(engine.dialect) for column in table.columns]
        values = ", ".join(f"(value->>{place})::{kind}" for place, kind in enumerate(types))
        rows_of = "json_array_elements(%(rows)s::json) AS element(value)"
    else:
        values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(table.columns)))
        rows_of = "json_each(:rows)"
    # WHERE true: without it SQLite takes ON CONFLICT for a join's ON.
    text = (
        f"INSERT INTO {quote(table.name)} ({columns}) SELECT {values} FROM {rows_of} WHERE true ON CONFLICT DO NOTHING"  # noqa: S608 - names are ours
    )

    def insert(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        connection.exec_driver_sql(text, {"rows": orjson.dumps(rows).decode()})

    return insert
