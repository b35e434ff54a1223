"""Finds out how a delimited text file is written: its delimiter, whether its first row is a header, its quoting."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

import clevercsv

from components.interactions.column_names import is_known_name
from components.interactions.raw_table import UnreadableError

QUOTE = b'"'
_SAMPLE = 16_384
_DELIMITERS = (",", ";", "\t", "|")
_RARE_DELIMITERS = (b"\x01", b"^", b"~")
_TRANSLATED, _BLANKS = b"\x1f", b"\x1e"
_NAMES = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "bar", _TRANSLATED: "two colons"}
_NAMES |= {b"\x01": "control-A", b"^": "caret", b"~": "tilde", _BLANKS: "blanks"}
_NUMBER = re.compile(r"[+-]?\d+(?:[.,:/-]\d+)*(?:[eE][+-]?\d+)?")
_EXCEL_HINT = re.compile(rb'^"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
KNOWN_HEADERS = {
    "u.data": ("user_id", "item_id", "value", "timestamp"),
    "u.user": ("user_id", "age", "gender", "occupation", "zip"),
    "ratings.dat": ("user_id", "item_id", "value", "timestamp"),
    "movies.dat": ("item_id", "title", "tags"),
    "users.dat": ("user_id", "gender", "age", "occupation", "zip"),
}
"""Of MovieLens' files that have no header, by the name of the file."""


@dataclass(frozen=True)
class Dialect:
    """`escape` takes the meaning of a quote away inside quotes, or that of a delimiter where nothing is quoted; b""
    where there is none and quotes are doubled."""

    delimiter: bytes
    quoted: bool
    escape: bytes = b""

    def __str__(self) -> str:
        name = _NAMES[self.delimiter]
        if not self.quoted:
            return f"delimiter {name}, {'escaped by a backslash in cells' if self.escape else 'no quoting'}"
        return f"delimiter {name}, quotes {'escaped by a backslash' if self.escape else 'doubled'}"


@dataclass(frozen=True)
class Delimited:
    """`text` with its first line at the first row or header, and the delimiter that it has now."""

    text: bytes
    delimiter: bytes


def find_delimiter(text: bytes, name: str) -> Delimited:
    """The delimiter of UTF-8 `text`; `name` is that of the file, without what says how it is compressed.

    A line "sep=;" decides, then `::` in every line, then tabs that every line has alike; otherwise clevercsv looks at
    the first 16 kB. Where the first line has none of the usual ones, it is a rare one, or blanks, that every line has
    alike. The delimiter `::` and blanks are replaced, as parsers want one byte.

    Raises:
        UnreadableError: there is nothing, or only one column.
    """
    if hint := _EXCEL_HINT.match(text):
        return Delimited(text[hint.end() :], hint[1])
    head = text[:_SAMPLE]
    lines = [line for line in head.splitlines()[: 100 if len(text) <= _SAMPLE else -1] if line.strip()]
    if not lines:
        raise UnreadableError("the file is empty")
    if all(line.count(b"::") == lines[0].count(b"::") > 0 for line in lines):
        return Delimited(text.replace(b"::", _TRANSLATED), _TRANSLATED)
    tabs = Counter(line.count(b"\t") for line in lines)
    if lines[0].count(b"\t") and tabs.most_common(1)[0][0] == lines[0].count(b"\t"):
        return Delimited(text, b"\t")
    if name.endswith((".tsv", ".tab", ".inter")) and b"\t" in lines[0]:
        return Delimited(text, b"\t")
    try:
        found = clevercsv.Sniffer().sniff(b"\n".join(lines).decode(errors="replace"), delimiters=list(_DELIMITERS))
        delimiter = "" if found is None else found.delimiter
    except clevercsv.Error:
        delimiter = ""
    if not delimiter or delimiter.encode() not in lines[0]:
        delimiter = max(_DELIMITERS, key=lambda each: lines[0].count(each.encode()))
        if delimiter.encode() not in lines[0]:
            if rare := _find_rare(text, lines):
                return rare
            raise UnreadableError(
                f"the first line has no comma, semicolon, tab or bar, so there is one column: {_shown(lines[0])}"
            )
    return Delimited(text, delimiter.encode())


def _find_rare(text: bytes, lines: list[bytes]) -> Delimited | None:
    for rare in _RARE_DELIMITERS:
        if lines[0].count(rare) and all(line.count(rare) == lines[0].count(rare) for line in lines):
            return Delimited(text, rare)
    if len(lines[0].split()) > 1 and all(len(line.split()) == len(lines[0].split()) for line in lines):
        return Delimited(re.sub(rb"[ \t]+", _BLANKS, re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", text)), _BLANKS)
    return None


def split_line(line: bytes, dialect: Dialect) -> list[str]:
    """The cells of one record."""
    reader = csv.reader(
        io.StringIO(line.decode(errors="replace"), newline=""),
        delimiter=dialect.delimiter.decode(),
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
        doublequote=not dialect.escape,
        escapechar=dialect.escape.decode() or None,
    )
    return next(reader, [])


def is_header(cells: list[str]) -> bool:
    """Whether the first row names the columns: it holds a name that is known, or no number."""
    if any(is_known_name(cell) for cell in cells):
        return True
    return not any(_NUMBER.fullmatch(cell.strip()) for cell in cells)


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace")
    return repr(text if len(text) <= 80 else text[:80] + "...")
