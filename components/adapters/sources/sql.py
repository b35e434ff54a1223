"""Reads interactions from the tables of a SQL database through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from components.interactions.column_mapping import name_tables
from components.interactions.raw_table import RawTable
from components.interactions.source import (
    INTERACTIONS,
    NothingNewError,
    SourceError,
    SourceTables,
    SourceUnavailableError,
)

_SETTING = "RECOPS_SOURCE_SQL_URL"
_CONNECT_SECONDS = 10
_TIMEOUT_OPTION = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mariadb": "connect_timeout"}


class SqlSource:
    """A table of interactions, and optionally one of items and one of users, of the database at `url`.

    `tables` gives for "interactions" (and "items", "users") the table or view, with its schema if it is not in the
    default one ("shop.ratings"). `mapping` goes from a column's name in the database to ours. The URL, which may
    hold a password, comes from RECOPS_SOURCE_SQL_URL and is never part of a message.

    `watermark` is a column of the interactions that only grows, such as a number or the time of writing. With `known`,
    the `feed` that a reading before gave, only rows beyond its mark are read.
    """

    def __init__(
        self,
        url: SecretStr | None,
        tables: Mapping[str, str],
        mapping: Mapping[str, str],
        watermark: str | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url
        self._tables = tables
        self._mapping = mapping
        self._watermark = watermark
        self._known = known or {}

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
                raw = {table: self._read_table(connection, table, name) for table, name in self._tables.items()}
        except SQLAlchemyError as error:
            said = getattr(error, "orig", None) or type(error).__name__
            raise SourceUnavailableError(f"{self.name}: the database at {_SETTING} says: {said}") from error
        finally:
            engine.dispose()
        if self._watermark in self._known and raw[INTERACTIONS].frame.empty:
            raise NothingNewError(
                f"{self.name}: no row is beyond {self._watermark} {self._known[self._watermark or '']}"
            )
        origins = {table: f"SQL table {name}" for table, name in self._tables.items()}
        return name_tables(raw, self._mapping, origins, self.name, self._mark(raw[INTERACTIONS]))

    def _read_table(self, connection: Connection, table: str, name: str) -> RawTable:
        described = _describe_table(connection, name)
        query = select(described)
        if table == INTERACTIONS and self._watermark is not None:
            if self._watermark not in described.columns:
                there = ", ".join(column.name for column in described.columns)
                raise SourceError(f"SQL table {name}: no column {self._watermark} for watermark (there are: {there})")
            column = described.columns[self._watermark]
            if (mark := self._known.get(self._watermark)) is not None:
                query = query.where(column > _parse_mark(mark, column.type.python_type))
            query = query.order_by(column)
        rows: list[Any] = [tuple(row) for row in connection.execute(query)]
        names = [column.name for column in described.columns]
        return RawTable(pd.DataFrame(rows, columns=names, dtype=object), [], f"SQL table {name}")

    def _mark(self, read: RawTable) -> dict[str, str]:
        if self._watermark is None:
            return {}
        if read.frame.empty:
            return dict(self._known)
        return {self._watermark: str(read.frame[self._watermark].max())}

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


def _describe_table(connection: Connection, name: str) -> Table:
    schema, _, bare = name.rpartition(".")
    try:
        return Table(bare, MetaData(), schema=schema or None, autoload_with=connection)
    except NoSuchTableError as error:
        inspector = inspect(connection)
        found = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        there = ", ".join(sorted(found)) or "none"
        raise SourceError(f"SQL table {name}: there is no such table (there are: {there})") from error


def _parse_mark(mark: str, kind: Any) -> Any:
    """The mark as the type of its column, as it was written by `str`."""
    if issubclass(kind, datetime):
        return datetime.fromisoformat(mark)
    if issubclass(kind, date):
        return date.fromisoformat(mark)
    return kind(mark)
