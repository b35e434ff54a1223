"""Reads delimited text (CSV, TSV and the like) into a table of text, every row of it into one place."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from components.interactions.column_names import is_known_name
from components.interactions.dialect import KNOWN_HEADERS, Dialect, find_delimiter, is_header, split_line
from components.interactions.preamble import skip_preamble
from components.interactions.quoting import audit_quotes, quotes_whole_column
from components.interactions.raw_table import HEADER_AGAIN, WRONG_WIDTH, DamagedRow, RawTable, UnreadableError
from components.interactions.text_encoding import MARK, spell_as_utf8

TEXT = pd.StringDtype("pyarrow")
_BLOCK = 4 << 20
_HEAD = 200_000
_SWAP = bytes.maketrans(b"'\"", b"\"'")
_LARGEST_BLOCK = 1 << 30


def read_delimited(data: bytes, name: str) -> RawTable:
    """The rows of `data`; `name` is that of the file, without what says how it is compressed.

    Cells are text as they stand, empty ones missing. A row with too few or too many cells, an open quote or bytes that
    are no text is damaged. Without a header the columns are called 1, 2, 3 ..., unless MovieLens' layout is known.

    Raises:
        UnreadableError: there is no table, or none of its rows fits its header.
    """
    spelled = spell_as_utf8(data)
    text, n_before = skip_preamble(spelled.text.lstrip(b"\r\n"))
    found = find_delimiter(text, name)
    single = _quotes_singly(found.text, found.delimiter)
    text = found.text.translate(_SWAP) if single else _without_blanks_before_quotes(found.text, found.delimiter)
    audited = audit_quotes(text, found.delimiter, spelled.lost)
    dialect = audited.dialect
    first, body = _first_record(audited.text, dialect)
    cells = [cell.strip().lstrip("#%").strip() for cell in split_line(first, dialect)]
    known = KNOWN_HEADERS.get(name)
    headed = known is None and is_header(cells) and not _stands_among_rows(cells, body, dialect)
    names = list(known) if known and len(known) == len(cells) else cells if headed else _numbered(len(cells))
    if not headed:
        body = audited.text
    names, said = _fit_names(names, body, dialect)
    read = _parse(body, dialect, names, audited.lost)
    if headed:
        read = _without_headers(read, names)
    if single:
        read = _with_double_quotes_again(read)
        said += ", single quotes"
    if len(read.damaged) and not len(read.frame):
        raise UnreadableError(
            f"none of its {read.rows} rows has the {len(names)} cells of the header, such as row 1: "
            f"{read.damaged[0].text[:80]!r}"
        )
    header = "" if headed else ", no header"
    header += f", {n_before} lines before the header" if n_before else ""
    return RawTable(read.frame, read.damaged, f"text in {spelled.encoding}, {dialect}{header}{said}")


def _quotes_singly(text: bytes, delimiter: bytes) -> bool:
    """Whether a column, or the first cell of every row, stands in single quotes, and nothing in double ones."""
    if b'"' in text or b"'" not in text:
        return False
    cell = re.compile(rb"'(?:[^']|'')*'" + re.escape(delimiter))
    rows = [line for line in text[:_HEAD].splitlines()[1:100] if line]
    first = bool(rows) and all(cell.match(line) for line in rows)
    return first or quotes_whole_column(text[:_HEAD].translate(_SWAP), delimiter)


def _with_double_quotes_again(read: RawTable) -> RawTable:
    frame = read.frame.apply(lambda column: column.str.replace('"', "'", regex=False))
    return RawTable(frame.rename(columns=lambda name: name.replace('"', "'")), read.damaged, read.read_as)


def _without_blanks_before_quotes(text: bytes, delimiter: bytes) -> bytes:
    """Without the blanks of `1, "a"`, if nearly all rows have some."""
    blank = re.compile(re.escape(delimiter) + rb' +(?=")')
    lines = [line for line in text[:65_536].splitlines()[1:100] if line.strip()]
    if delimiter == b" " or sum(blank.search(line) is not None for line in lines) < 0.9 * max(len(lines), 1):
        return text
    return blank.sub(delimiter, text)


def _stands_among_rows(cells: list[str], body: bytes, dialect: Dialect) -> bool:
    """Whether a first row without a known name is a row as any other, as another one has a cell of it."""
    if any(map(is_known_name, cells)):
        return False
    rows = [split_line(line, dialect) for line in body[:65_536].splitlines()[:500] if line.strip()]
    others = ([cell.strip() for cell in row] for row in rows if len(row) == len(cells))
    return any(row != cells and any(map(_same, row, cells)) for row in others)


def _same(cell: str, name: str) -> bool:
    return bool(name) and cell == name


def _without_headers(read: RawTable, names: list[str]) -> RawTable:
    """Rows that repeat the header, as where several files were put together, are damaged."""
    again = read.frame[names[-1]].str.strip() == names[-1]
    if not again.any():
        return read
    rows = read.frame[again.fillna(False).astype(bool)].fillna("")
    rows = rows[[[cell.strip() for cell in row] == names for row in rows.to_numpy().tolist()]]
    lost = [
        DamagedRow(int(number), HEADER_AGAIN, ",".join(row))
        for number, row in zip(rows.index, rows.to_numpy().tolist(), strict=True)
    ]
    return RawTable(read.frame.drop(index=rows.index), [*read.damaged, *lost], read.read_as)


def _first_record(text: bytes, dialect: Dialect) -> tuple[bytes, bytes]:
    """The first record with its newline, which may hold newlines in quotes, and the rest."""
    for end in _ends_of_lines(text):
        if not dialect.quoted or text[:end].count(b'"') % 2 == 0:
            return text[:end], text[end:]
    return text, b""


def _ends_of_lines(text: bytes) -> list[int]:
    head = text[:65_536]
    ends, position = [], 0
    for line in head.splitlines(keepends=True):
        position += len(line)
        ends.append(position)
    return ends


def _numbered(n: int) -> list[str]:
    return [str(place + 1) for place in range(n)]


def _fit_names(names: list[str], body: bytes, dialect: Dialect) -> tuple[list[str], str]:
    """Names for every cell of the rows: a file may number its rows, or end each with a delimiter, unlike its header."""
    blank = [name or f"unnamed {place + 1}" for place, name in enumerate(names)]
    doubled = {name for name in blank if blank.count(name) > 1}
    if doubled:
        raise UnreadableError(f"two columns are called {sorted(doubled)[0]!r}; rename one of them")
    rows = [split_line(line, dialect) for line in body[:65_536].splitlines()[:50] if line.strip()]
    if rows and all(len(row) == len(names) + 1 for row in rows):
        if all(row[-1] == "" for row in rows):
            return [*blank, "nothing"], ", rows end with a delimiter"
        if len(rows) > 1 and [row[0] for row in rows] == [str(place + 1) for place in range(len(rows))]:
            return ["row number", *blank], ", rows are numbered"
    return blank, ""


def _parse(body: bytes, dialect: Dialect, names: list[str], lost: list[tuple[str, str]]) -> RawTable:
    damaged: list[DamagedRow] = []

    def take_out(row: Any) -> str:
        text = str(row.text)
        if text.startswith(MARK.decode()):
            reason, text = lost[int(text[1:])]
            damaged.append(DamagedRow(row.number - 1, reason, text))
        else:
            damaged.append(DamagedRow(row.number - 1, WRONG_WIDTH, text.rstrip("\r\n")))
        return "skip"

    if not body.strip():
        return RawTable(pd.DataFrame({name: pd.Series([], dtype=TEXT) for name in names}))
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            # One thread, as only then rows have numbers.
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_block(body)),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter.decode(),
                quote_char='"' if dialect.quoted else False,
                double_quote=dialect.quoted,
                escape_char=dialect.escape.decode() or False,
                newlines_in_values=dialect.quoted,
                invalid_row_handler=take_out,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                check_utf8=False,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableError(" ".join(str(error).split())) from error
    frame = table.to_pandas(types_mapper={pa.string(): TEXT}.get, self_destruct=True, split_blocks=True)
    if damaged:
        is_row = np.ones(len(frame) + len(damaged), bool)
        is_row[[row.number for row in damaged]] = False
        frame.index = pd.Index(np.flatnonzero(is_row))
    return RawTable(frame, damaged)


def _block(body: bytes) -> int:
    """Bytes that are parsed at once; a row must fit."""
    longest = max((len(line) for line in body[: 1 << 20].splitlines()), default=0)
    return min(max(_BLOCK, 4 * longest), _LARGEST_BLOCK)
