"""Reads every table of the event store, its columns, and what the comments in its source say they mean."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table

import components.adapters.store.tables as schema
from components.adapters.store.tables.metadata import metadata
from reference.markdown import code, table

INTRODUCTION = """# Tables of the event store

SQLite in `.recops/events.db`, or PostgreSQL with the same tables. Migrations keep them; nothing outside recops should
write. Times are seconds since 1970 unless a column says otherwise.
"""
BEGINS = re.compile(r"^\w+ = Table\($")
NAMED = re.compile(r'^    "(\w+)",$')
COLUMN = re.compile(r'^    Column\("(\w+)".*\),?\s*(?:# (.*))?$')


@dataclass(frozen=True)
class Described:
    """A table, what stands above it in the source, and the comment beside each of its columns that has one."""

    table: Table
    meaning: str
    columns: dict[str, str]


def tables_of() -> list[Described]:
    """Every table, in alphabetical order.

    Raises:
        ValueError: one that the reading of the source has not found.
    """
    names = [module.name for module in pkgutil.iter_modules(schema.__path__, f"{schema.__name__}.")]
    found = {name: (meaning, columns) for each in names for name, meaning, columns in _read(each)}
    if missing := sorted(set(metadata.tables) - set(found)):
        raise ValueError(f"the source of {', '.join(missing)} is written in a way that is not read here")
    return [Described(metadata.tables[name], *found[name]) for name in sorted(metadata.tables)]


def tables_page() -> str:
    """The page of all tables."""
    return "\n".join((INTRODUCTION, *map(_section, tables_of())))


def _section(described: Described) -> str:
    rows = [
        (
            code(column.name),
            str(column.type).lower(),
            _kind(column.primary_key, bool(column.nullable)),
            described.columns.get(column.name, ""),
        )
        for column in described.table.columns
    ]
    head = f"## `{described.table.name}`\n\n" + (f"{described.meaning}\n\n" if described.meaning else "")
    return head + table(("column", "type", "", "meaning"), rows)


def _kind(primary_key: bool, nullable: bool) -> str:
    return "key" if primary_key else "may be empty" if nullable else ""


def _read(module: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    above: list[str] = []
    name, meaning, columns = "", "", dict[str, str]()
    inside = False
    for line in inspect.getsource(importlib.import_module(module)).splitlines():
        if BEGINS.match(line):
            inside, name, meaning, columns = True, "", " ".join(above), {}
        elif inside and line == ")":
            inside = False
            yield name, meaning, columns
        elif inside and not name and (found := NAMED.match(line)):
            name = found[1]
        elif inside and (found := COLUMN.match(line)):
            columns[found[1]] = found[2] or ""
        above = [*above, line[2:]] if line.startswith("# ") else []
