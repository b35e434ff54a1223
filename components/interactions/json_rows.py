"""Reads JSON into a table: a line an object, a list of objects, or what pandas writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from components.interactions.column_names import propose_names
from components.interactions.columns import ITEM, USER
from components.interactions.json_documents import parse_line, parse_sequence
from components.interactions.raw_table import NO_JSON, DamagedRow, RawTable, UnreadableError
from components.interactions.source import INTERACTIONS
from components.interactions.text_encoding import spell_as_utf8

_HEAD = 100


def read_json(data: bytes, table: str = INTERACTIONS) -> RawTable:
    """The objects of `data` as rows, their members as columns; members of an object `a` are `a.b`, and a lone `$date`
    or the like, as databases write the type of a value, is the value.

    A document that is one list, an object with one list of objects in it, or a table as pandas' `to_json` writes it
    (by columns, by rows, or split) is taken; anything else is read line by line, where a line that is no object is
    damaged, or as objects one after another. Where `table` is that of interactions, objects that hold a list of objects
    with the users or items that they lack themselves are a row for each of its members.

    Raises:
        UnreadableError: there is nothing to read, or the document breaks off.
    """
    spelled = spell_as_utf8(data)
    text = spelled.text.strip()
    if not text:
        raise UnreadableError("the file is empty")
    document = parse_line(text)
    if document is None:
        if text[:1] == b"[":
            raise UnreadableError("the JSON is damaged or breaks off")
        if not isinstance(parse_line(text.partition(b"\n")[0]), dict):
            if found := parse_sequence(text):
                read_as = f"JSON objects one after another in {spelled.encoding}"
                return _table(_flatten(found), None, [], read_as, table)
            if b"\n" not in text:
                raise UnreadableError("the JSON is damaged or breaks off")
        return _read_lines(text, spelled.encoding, table)
    return _table(_flatten(_rows_of(document)), None, [], f"JSON in {spelled.encoding}", table)


def _read_lines(text: bytes, encoding: str, table: str) -> RawTable:
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    damaged: list[DamagedRow] = []
    lines = [line for line in text.split(b"\n") if line.strip()]
    for number, line in enumerate(lines):
        row = parse_line(line)
        if isinstance(row, dict):
            rows.append(row)
            numbers.append(number)
        else:
            damaged.append(DamagedRow(number, NO_JSON, line.decode(errors="replace").rstrip("\r")))
    if not rows:
        raise UnreadableError(f"none of its {len(lines)} lines is a JSON object, such as {lines[0][:80]!r}")
    return _table(_flatten(rows), numbers, damaged, f"JSON lines in {encoding}", table)


def _table(
    rows: list[dict[str, Any]], numbers: list[int] | None, damaged: list[DamagedRow], read_as: str, table: str
) -> RawTable:
    inner = _find_members(rows) if table == INTERACTIONS else None
    if inner is None:
        return RawTable(pd.DataFrame(rows, index=numbers), damaged, read_as)
    if damaged:
        first = damaged[0]
        raise UnreadableError(f"row {first.number + 1} is no JSON object, and the others hold lists of rows ({inner})")
    members = _flatten(
        [
            {**{name: cell for name, cell in row.items() if name != inner}, inner: member}
            for row in rows
            for member in (row.get(inner) if isinstance(row.get(inner), list) else None) or []
        ]
    )
    none = sum(not row.get(inner) for row in rows)
    read_as += f", a row for each member of {inner}" + (f", which {none} of {len(rows)} lack" if none else "")
    bare = [{name.removeprefix(f"{inner}."): cell for name, cell in row.items()} for row in members]
    return RawTable(pd.DataFrame(bare), [], read_as)


def _find_members(rows: list[dict[str, Any]]) -> str | None:
    """The one member of `rows` with lists of objects that name the users or items which the rows themselves lack."""
    first = {name for row in rows[:_HEAD] for name in row}
    lacks = {USER, ITEM} - _named(first)
    if len(lacks) != 1:
        return None
    found = []
    for name in sorted(first):
        lists = [row[name] for row in rows[:_HEAD] if isinstance(row.get(name), list) and row[name]]
        if lists and all(_is_rows(each) for each in lists) and lacks <= _named(lists[0][0]):
            found.append(name)
    return found[0] if len(found) == 1 else None


def _named(names: Iterable[str]) -> set[str]:
    return {*names} | set(propose_names(names, INTERACTIONS).values())


def _rows_of(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, dict):
        if {"columns", "data"} <= document.keys():
            return [dict(zip(document["columns"], row, strict=True)) for row in document["data"]]
        lists = [value for value in document.values() if _is_rows(value)]
        if len(lists) == 1:
            return list(lists[0])
        values = list(document.values())
        if values and all(isinstance(value, dict) for value in values):
            keys = list(values[0])
            return [{name: cells.get(key) for name, cells in document.items()} for key in keys]
        if values and all(isinstance(value, list) for value in values) and len({*map(len, values)}) == 1:
            return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
        if values:
            return [document]
    if _is_rows(document):
        return list(document)
    raise UnreadableError("the JSON is no list of objects")


def holds_objects(data: bytes) -> bool:
    """Whether the bytes of a file begin with a JSON object, or a list of them, whatever the file is called."""
    head = data[:65_536].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"[":
        return head[1:].lstrip()[:1] == b"{"
    return head[:1] == b"{" and isinstance(parse_line(head.splitlines()[0]), dict)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(row, dict) for row in value)


def _flatten(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not any(isinstance(value, dict) for row in rows for value in row.values()):
        return rows
    return _flatten([_one_level(row) for row in rows])


def _one_level(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and len(value) == 1 and (inner := next(iter(value))).startswith("$"):
            flat[name] = value[inner]
        elif isinstance(value, dict):
            flat |= {f"{name}.{inner}": member for inner, member in value.items()}
        else:
            flat[name] = value
    return flat
