"""Reads one table from a file or a partitioned folder, whatever its format."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import dataset, parquet

from components.adapters.sources.stored_bytes import StoredPlace, Unpacked, fetch
from components.interactions.arrow_frame import frame_of
from components.interactions.columns import ITEM, TAG_SEPARATOR, TAGS, TITLE
from components.interactions.delimited import read_delimited
from components.interactions.foreign_bytes import name_foreign
from components.interactions.json_rows import holds_objects, read_json
from components.interactions.raw_table import DamagedRow, RawTable, UnreadableError
from components.interactions.sequences import is_sequences, read_sequences
from components.interactions.sheet_rows import ROWS_BEFORE, choose_sheet, fill_merged, read_sheet
from components.interactions.source import SourceError

SUFFIXES = (
    ".csv",
    ".tsv",
    ".txt",
    ".dat",
    ".data",
    ".inter",
    ".jsonl",
    ".ndjson",
    ".json",
    ".parquet",
    ".xlsx",
    ".xls",
)
"""Formats; each may be packed as .gz, .zst, .bz2 or .xz, and a .zip counts as a folder."""
_SHEETS = (".xlsx", ".xls", ".xlsb", ".ods")
_PARQUET = b"PAR1"


def read_table(place: StoredPlace, table: str) -> RawTable:
    """The rows of a file, or of a folder of Parquet files, also partitioned; `table` names the sheet to prefer.

    Raises:
        SourceError: the file is missing, of an unknown format, damaged or cut off, or holds no table.
    """
    if place.is_folder():
        return _read_folder(place)
    unpacked = fetch(place)
    try:
        raw = _read_u_item(unpacked.data, _genres(place)) if unpacked.name == "u.item" else _read(unpacked, table)
    except (UnreadableError, OSError, ValueError, pa.ArrowException, zipfile.BadZipFile) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise SourceError(f"{place.shown} cannot be read: {said}; correct the file, or fetch it again") from error
    packed = f", {unpacked.packing}" if unpacked.packing else ""
    return RawTable(raw.frame, raw.damaged, f"{raw.read_as}{packed}")


def join_parts(parts: list[RawTable]) -> RawTable:
    """Several files of one table below each other; rows are numbered on."""
    frames, damaged, before = [], [], 0
    for part in parts:
        frames.append(part.frame.set_axis(part.frame.index + before))
        damaged += [DamagedRow(row.number + before, row.reason, row.text) for row in part.damaged]
        before += part.rows
    read_as = " | ".join(dict.fromkeys(part.read_as for part in parts))
    return RawTable(pd.concat(frames), damaged, f"{len(parts)} files: {read_as}")


def _read(unpacked: Unpacked, table: str) -> RawTable:
    name, data = unpacked.name.lower(), unpacked.data
    if data[:4] == _PARQUET or name.endswith(".parquet"):
        return _read_parquet(data)
    if name.endswith(_SHEETS):
        return _read_workbook(data, table)
    if name.endswith((".json", ".jsonl", ".ndjson")) or holds_objects(data):
        return read_json(data, table)
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("this is a spreadsheet or an archive, but its name does not say so")
    if foreign := name_foreign(data):
        raise UnreadableError(f"this is {foreign}")
    return read_sequences(data) if is_sequences(data) else read_delimited(data, unpacked.name)


def _read_parquet(data: bytes) -> RawTable:
    if data[:4] != _PARQUET:
        raise UnreadableError("this is no Parquet file, whatever its name says")
    try:
        names = parquet.read_schema(pa.BufferReader(data)).names
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise UnreadableError(f"two columns are called {doubled[0]!r}; rename one of them")
        return RawTable(frame_of(parquet.read_table(pa.BufferReader(data))), [], "Parquet")
    except (pa.ArrowException, OSError) as error:
        whole = data[:4] == _PARQUET and data[-4:] == _PARQUET
        said = "the Parquet file is damaged" if whole else "the Parquet file is damaged or cut off"
        raise UnreadableError(f"{said} ({str(error).splitlines()[0]})") from error


def _read_folder(place: StoredPlace) -> RawTable:
    try:
        found = dataset.dataset(place.path, filesystem=place.system, format="parquet", partitioning="hive")
        if not found.files:
            raise SourceError(f"{place.shown} holds no Parquet files")
        return RawTable(frame_of(found.to_table()), [], f"Parquet, {len(found.files)} files")
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())
        raise SourceError(f"{place.shown} cannot be read as a folder of Parquet files: {said}") from error


def _read_workbook(data: bytes, table: str) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: workbook.get_sheet_by_name(name) for name in workbook.sheet_names}
        heads = {name: sheet.to_python(nrows=ROWS_BEFORE) for name, sheet in sheets.items()}
        chosen = sheets[choose_sheet(heads, table)]
        cells: list[list[Any]] = chosen.to_python()
    except (CalamineError, OSError, IndexError, StopIteration) as error:
        raise UnreadableError(f"the spreadsheet is damaged or cut off ({error})") from error
    return read_sheet(fill_merged(cells, chosen.merged_cell_ranges or [], chosen.start or (0, 0)), chosen.name)


def _read_u_item(data: bytes, genres: list[str]) -> RawTable:
    """MovieLens' u.item: number, title, three more columns, and a flag for each genre."""
    raw = pd.read_csv(io.BytesIO(data), sep="|", header=None, encoding="latin-1", dtype=str)
    flags = raw.iloc[:, 5:].to_numpy() == "1"
    named = [*genres, *(f"genre {place}" for place in range(len(genres), flags.shape[1]))]
    tags = [TAG_SEPARATOR.join(name for name, flag in zip(named, row, strict=False) if flag) for row in flags]
    return RawTable(pd.DataFrame({ITEM: raw[0], TITLE: raw[1], TAGS: tags}), [], "u.item of MovieLens")


def _genres(place: StoredPlace) -> list[str]:
    beside = StoredPlace(place.system, f"{place.path.rpartition('/')[0]}/u.genre", "u.genre")
    if not beside.exists():
        return []
    lines = fetch(beside).data.decode("latin-1").split()
    return [line.split("|")[0] for line in lines if "|" in line]
