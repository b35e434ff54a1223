"""Inserts that ignore repeats and cost Python next to nothing, since the event loop waits while Python is busy.

SQLAlchemy's own treatment of parameters holds the interpreter for milliseconds per batch; `text_insert` gives rows to
the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
