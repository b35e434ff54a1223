"""Reads JSON into a table: a line an object, a list of objects, or what pandas writes."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pandas as pd

from components.interactions.raw_table import NO_JSON, DamagedRow, RawTable, UnreadableError
from components.interactions.text_encoding import spell_as_utf8


def read_json(data: bytes) -> RawTable:
    """The objects of `data` as rows, their members as columns; members of an object `a` are `a.b`, and a lone `$date`
    or the like, as databases write the type of a value, is the value.

    A document that is one list, an object with one list of objects in it, or a table as pandas' `to_json` writes it
    (by columns, by rows, or split) is taken; anything else is read line by line, where a line that is no object is
    damaged.

    Raises:
        UnreadableError: there is nothing to read, or the document breaks off.
    """
    spelled = spell_as_utf8(data)
    text = spelled.text.strip()
    if not text:
        raise UnreadableError("the file is empty")
    document = _parse_line(text)
    if document is None:
        if text[:1] == b"[" or b"\n" not in text:
            raise UnreadableError("the JSON is damaged or breaks off")
        return _read_lines(text, spelled.encoding)
    return RawTable(pd.DataFrame(_flatten(_rows_of(document))), [], f"JSON in {spelled.encoding}")


def _read_lines(text: bytes, encoding: str) -> RawTable:
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    damaged: list[DamagedRow] = []
    lines = [line for line in text.split(b"\n") if line.strip()]
    for number, line in enumerate(lines):
        row = _parse_line(line)
        if isinstance(row, dict):
            rows.append(row)
            numbers.append(number)
        else:
            damaged.append(DamagedRow(number, NO_JSON, line.decode(errors="replace").rstrip("\r")))
    if not rows:
        raise UnreadableError(f"none of its {len(lines)} lines is a JSON object, such as {lines[0][:80]!r}")
    return RawTable(pd.DataFrame(_flatten(rows), index=numbers), damaged, f"JSON lines in {encoding}")


def _parse_line(line: bytes) -> Any:
    """What the line says, also with the NaN and Infinity that Python writes; None where it is no JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            return json.loads(line)
        except ValueError:
            return None


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
    return head[:1] == b"{" and isinstance(_parse_line(head.splitlines()[0]), dict)


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
