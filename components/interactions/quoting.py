"""Decides whether a delimited text quotes cells, and finds the rows in which a quote is never closed.

A lone quote makes parsers swallow rows until the next one. So the rows are held against a grammar first: a row whose
quotes do not close is taken out, by number, and a file that reads better without quoting has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.interactions.dialect import QUOTE, Dialect, split_line
from components.interactions.raw_table import OPEN_QUOTE
from components.interactions.text_encoding import MARK

_LONGEST_RECORD = 262_144
_END = rb"(?:\r\n|\r|\n|\Z)"
_NEWLINE = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Audited:
    """`text` with MARK and a number, into `lost`, in place of each row that cannot be read."""

    text: bytes
    dialect: Dialect
    lost: list[tuple[str, str]]


def audit_quotes(text: bytes, delimiter: bytes, lost: list[tuple[str, str]]) -> Audited:
    """`text`, whose first line is a header or a row, in the dialect that loses the fewest rows.

    A text without a quote has no quoting, but may have a backslash before each delimiter that is part of a cell, as
    MySQL and Hive write them. Where quoting and no quoting lose equally many rows, it is quoted if a column quotes
    every cell or a cell doubles a quote, and else by custom: with tabs it is not, with anything else it is.
    """
    literal = Dialect(delimiter, quoted=False)
    if QUOTE not in text:
        return _unquoted(text, literal, lost)
    lone = _count_wrong_widths(text, literal)
    candidates = [Dialect(delimiter, True)]
    if b'\\"' in text:
        candidates.append(Dialect(delimiter, True, b"\\"))
    shows = quotes_whole_column(text, delimiter) or _doubles_quotes(text, delimiter)
    best: Audited | None = None
    broken = 0
    for dialect in candidates:
        audited = _audit(text, dialect, lost, None if shows else lone)
        if audited is None:
            continue
        loses = len(audited.lost) - len(lost) + _count_wrong_widths(_without_quoted(audited), literal)
        if best is None or loses < broken:
            best, broken = audited, loses
    if best is None:
        return Audited(text, literal, lost)
    quoted = shows or broken < lone or (broken == lone and delimiter != b"\t")
    return best if quoted else Audited(text, literal, lost)


def _unquoted(text: bytes, literal: Dialect, lost: list[tuple[str, str]]) -> Audited:
    escaped = b"\\" + literal.delimiter
    if escaped not in text:
        return Audited(text, literal, lost)
    if _count_wrong_widths(text.replace(escaped, b""), literal) >= _count_wrong_widths(text, literal):
        return Audited(text, literal, lost)
    bound = re.escape(literal.delimiter)
    nothing = rb"(^|(?<=" + bound + rb"))\\N(?=" + bound + rb"|\r|\n|\Z)"
    return Audited(re.sub(nothing, b"", text, flags=re.MULTILINE), Dialect(literal.delimiter, False, b"\\"), lost)


def _audit(text: bytes, dialect: Dialect, lost: list[tuple[str, str]], bound: int | None) -> Audited | None:
    """None when more than `bound` rows would be lost."""
    rows, record = _grammar(dialect, several=True), _grammar(dialect, several=False)
    found = list(lost)
    parts: list[bytes] = []
    position, width = 0, 0
    while position < len(text):
        match = rows.match(text, position)
        end = position if match is None else match.end()
        if end > position:
            parts.append(text[position:end])
            position = end
            continue
        if not width:
            first = record.match(text, 0, _LONGEST_RECORD)
            width = len(split_line(text[: first.end()] if first else text[: _line_end(text, 0)], dialect))
        whole = record.match(text, position, position + _LONGEST_RECORD)
        if whole and _is_one_row(text, position, whole.end(), dialect, width):
            parts.append(text[position : whole.end()])
            position = whole.end()
            continue
        end = _line_end(text, position)
        parts.append(MARK + str(len(found)).encode())
        found.append((OPEN_QUOTE, text[position:end].decode(errors="replace")))
        position = end
        if bound is not None and len(found) - len(lost) > bound:
            return None
    return Audited(text if len(found) == len(lost) else b"".join(parts), dialect, found)


def _is_one_row(text: bytes, start: int, end: int, dialect: Dialect, width: int) -> bool:
    """Whether a record over several lines is one, and not rows of their own between two lone quotes."""
    closed = end == len(text) or text[end - 1 : end] in (b"\r", b"\n")
    if not closed:
        return False
    lines = _NEWLINE.split(text[start:end].rstrip(b"\r\n"))
    alone = [line.count(dialect.delimiter) == width - 1 for line in lines]
    if any(alone[1:-1]):
        return False
    fits = len(split_line(text[start:end], dialect)) == width
    return not (alone[0] and alone[-1]) if fits else not any(alone)


def _line_end(text: bytes, position: int) -> int:
    """Where the line at `position` ends, before its newline."""
    found = _NEWLINE.search(text, position)
    return len(text) if found is None else found.start()


def _grammar(dialect: Dialect, several: bool) -> re.Pattern[bytes]:
    """Rows of one line each, or one record, whose quoted cells may hold newlines."""
    delimiter = re.escape(dialect.delimiter)
    newline = rb"\r\n" if several else rb""
    inner = rb'[^"' + newline + rb']|""'
    if dialect.escape:
        inner = rb'[^"\\' + newline + rb']|\\.|""'
    cell = rb'(?:"(?:' + inner + rb')*+"|[^"' + delimiter + rb"\r\n][^" + delimiter + rb"\r\n]*+|)"
    row = cell + rb"(?:" + delimiter + cell + rb")*+" + _END
    return re.compile(rb"(?:" + row + rb")*+" if several else row, re.DOTALL)


def _without_quoted(audited: Audited) -> bytes:
    """The text with nothing in the place of quoted cells, in which every delimiter stands between cells."""
    inner = rb'(?:[^"\\]|\\.|"")*+' if audited.dialect.escape else rb'(?:[^"]|"")*+'
    before = rb"(^|" + re.escape(audited.dialect.delimiter) + rb')"'
    return re.sub(before + inner + b'"', rb"\1", audited.text, flags=re.MULTILINE | re.DOTALL)


def _count_wrong_widths(text: bytes, literal: Dialect) -> int:
    """Of a text without quoting, the lines that have another number of cells than the first."""
    lines = (line for line in _NEWLINE.split(text) if line and not line.startswith(MARK))
    wanted = next(lines, b"").count(literal.delimiter)
    return sum(line.count(literal.delimiter) != wanted for line in lines)


def quotes_whole_column(text: bytes, delimiter: bytes) -> bool:
    """Whether the header, or all filled cells of a column in the first thousand rows, stand in quotes."""
    lines = [line for line in text[:200_000].splitlines()[:1000] if line]
    header = lines[0].split(delimiter)
    if all(_in_quotes(cell) for cell in header):
        return True
    rows = [cells for line in lines[1:] if len(cells := line.split(delimiter)) == len(header)]
    for column in range(len(header)):
        filled = [row[column] for row in rows if row[column]]
        if len(filled) > 1 and all(_in_quotes(cell) for cell in filled):
            return True
    return False


def _doubles_quotes(text: bytes, delimiter: bytes) -> bool:
    bound = re.escape(delimiter)
    inside = rb'(?:[^"' + bound + rb"\r\n])*+"
    cell = rb"(?:^|(?<=" + bound + rb"))\"" + inside + rb'(?:""' + inside + rb")++\"(?=" + bound + rb"|\r|\n|\Z)"
    return re.search(cell, text, re.MULTILINE) is not None


def _in_quotes(cell: bytes) -> bool:
    return len(cell) >= 2 and cell.startswith(QUOTE) and cell.endswith(QUOTE)
