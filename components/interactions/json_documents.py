"""Takes JSON objects out of text that holds several without being a list or lines: one after another, as programs
append them, over several lines, with commas or record separators between them, or as Python writes dictionaries."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import orjson

_BETWEEN = re.compile(r"[\s,\x1e]*")
_PYTHON = re.compile(rb"^\{\s*u?'")


def parse_line(line: bytes) -> Any:
    """What one line says, also with the NaN and Infinity of Python, a comma behind it or as a Python dictionary; None
    where it is neither."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        bare = line.strip(b" \t\r\n,\x1e")
    try:
        return json.loads(bare)
    except ValueError:
        return _parse_python(bare)


def parse_sequence(text: bytes) -> list[dict[str, Any]] | None:
    """The objects that stand one after another in `text`, None where anything else stands there."""
    document, decoder = text.decode(errors="replace"), json.JSONDecoder()
    found: list[dict[str, Any]] = []
    position = _after(document, 0)
    while position < len(document):
        try:
            value, position = decoder.raw_decode(document, position)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        found.append(value)
        position = _after(document, position)
    return found


def _after(document: str, position: int) -> int:
    """Where the next object begins."""
    match = _BETWEEN.match(document, position)
    return position if match is None else match.end()


def _parse_python(line: bytes) -> Any:
    if not _PYTHON.match(line):
        return None
    try:
        return ast.literal_eval(line.decode(errors="replace"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
