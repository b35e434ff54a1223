"""Reads interactions from the tables of a SQL database through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from components.interactions.column_mapping import check_mapping, rename_columns
from components.interactions.source import INTERACTIONS, ITEMS, USERS, SourceError, SourceTables, SourceUnavailableError

_SETTING = "RECOPS_SOURCE_SQL_URL"
_CONNECT_SECONDS = 10
_TIMEOUT_OPTION = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mariadb": "connect_timeout"}


class SqlSource:
    """A table of interactions, and optionally one of items and one of users, of the database at `url`.

    `tables` gives for "interactions" (and "items", "users") the table or view, with its schema if it is not in the
    default one ("shop.ratings"). `mapping` goes from a column's name in the database to ours. The URL, which may
    hold a password, comes from RECOPS_SOURCE_SQL_URL and is never part of a message.
    """

    def __init__(self, url: SecretStr | None, tables: Mapping[str, str], mapping: Mapping[str, str]) -> None:
        self._url = url
        self._tables = tables
        self._mapping = mapping

    @property
    def name(self) -> str:
        return f"SQL table {self._tables[INTERACTIONS]}"

    def read(self) -> SourceTables:
        """All rows of the tables, in no particular order; see SourceTables.

        Raises:
            SourceUnavailableError: the database does not answer, or breaks off.
            SourceError: there is no URL, a table or a column is missing, or `mapping` names a column no table has.
        """
        engine = self._open()
        try:
            with engine.connect() as connection:
                raw = {table: _read_table(connection, name) for table, name in self._tables.items()}
        except SQLAlchemyError as error:
            said = getattr(error, "orig", None) or type(error).__name__
            raise SourceUnavailableError(f"{self.name}: the database at {_SETTING} says: {said}") from error
        finally:
            engine.dispose()
        check_mapping(self._mapping, {str(name) for frame in raw.values() for name in frame.columns}, self.name)
        origins = {table: f"SQL table {name}" for table, name in self._tables.items()}
        tables = {table: rename_columns(raw[table], self._mapping, table, origins[table]) for table in raw}
        return SourceTables(
            interactions=tables[INTERACTIONS], items=tables.get(ITEMS), users=tables.get(USERS), origins=origins
        )

    def _open(self) -> Engine:
        if self._url is None:
            raise SourceError(f"{self.name}: no database is set; put its SQLAlchemy URL into {_SETTING}")
        try:
            url = make_url(self._url.get_secret_value())
            option = _TIMEOUT_OPTION.get(url.get_backend_name())
            return create_engine(url, connect_args={option: _CONNECT_SECONDS} if option else {})
        except (SQLAlchemyError, ImportError) as error:
            # The cause is left out: it may quote the URL, and with it the password.
            raise SourceError(f"{self.name}: {_SETTING} is no usable SQLAlchemy URL ({type(error).__name__})") from None


def _read_table(connection: Connection, name: str) -> pd.DataFrame:
    schema, _, bare = name.rpartition(".")
    try:
        table = Table(bare, MetaData(), schema=schema or None, autoload_with=connection)
    except NoSuchTableError as error:
        inspector = inspect(connection)
        found = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        there = ", ".join(sorted(found)) or "none"
        raise SourceError(f"SQL table {name}: there is no such table (there are: {there})") from error
    rows: list[Any] = [tuple(row) for row in connection.execute(select(table))]
    return pd.DataFrame(rows, columns=[column.name for column in table.columns], dtype=object)
