"""Sets tables and headings in Markdown, with what would break a cell escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: object) -> str:
    """As code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, with an empty line after it."""
    lines = [_row(head), "|---" * len(head) + "|", *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
