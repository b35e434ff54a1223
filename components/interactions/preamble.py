"""Finds where a delimited text begins: exports may put a title or comments before the header."""

from __future__ import annotations

from components.interactions.column_names import propose_names
from components.interactions.columns import INTERACTION_COLUMNS, ITEM, ITEM_COLUMNS
from components.interactions.raw_table import UnreadableError
from components.interactions.source import INTERACTIONS

_DELIMITERS = (b",", b";", b"\t", b"|")
_LINES = 20
_WEB_PAGE = (b"<!doctype html", b"<html")


def skip_preamble(text: bytes) -> tuple[bytes, int]:
    """`text` from the first of its first lines that names the columns of a table, and how many lines that leaves out.

    Where the first line does, or none of them, nothing is.

    Raises:
        UnreadableError: this is a web page.
    """
    if text[:20].lstrip().lower().startswith(_WEB_PAGE):
        raise UnreadableError("this is a web page, not a table")
    if text[:5].lower().lstrip(b'"').startswith(b"sep="):
        return text, 0
    position = 0
    for number, line in enumerate(text[:65_536].splitlines(keepends=True)[:_LINES]):
        if any(names_a_table(_cells(line, delimiter)) for delimiter in _DELIMITERS):
            return text[position:], number
        position += len(line)
    return text, 0


def names_a_table(cells: list[str]) -> bool:
    """Whether these are names of columns, one of which is that of items, and another known one."""
    own = {cell for cell in cells if cell in (*INTERACTION_COLUMNS, *ITEM_COLUMNS)}
    found = own | set(propose_names(cells, INTERACTIONS).values())
    return ITEM in found and len(found) > 1


def _cells(line: bytes, delimiter: bytes) -> list[str]:
    return [cell.strip().strip("\"'#% ") for cell in line.decode(errors="replace").split(delimiter.decode())]
