"""Reads a data set for a comparison just as an ingest would, and says what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.adapters.sources.files import FileSource
from components.adapters.sources.stored_bytes import StoredPlace, locate
from components.adapters.sources.tables import read_table
from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.column_mapping import name_tables
from components.interactions.item_vectors import check_item_vectors
from components.interactions.refusal import find_refusal
from components.interactions.screening import Screened, screen
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, SourceError, SourceTables

OPTIONS = {
    columns.USER: "--user-column",
    columns.ITEM: "--item-column",
    columns.VALUE: "--value-column",
    columns.TIMESTAMP: "--timestamp-column",
}


class DatasetError(Exception):
    """A data set cannot be read; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class Dataset:
    """Interactions in the order of the file, items, what was missing in words, and what could be read.

    value_range: of the file's own values, None without any. item_vectors: those that stand beside it, None without any.
    given: of each interaction the part that a given split has it in (train, valid, test); None without one.
    """

    interactions: pd.DataFrame
    items: pd.DataFrame
    missing: tuple[str, ...]
    has_values: bool
    has_times: bool
    value_range: tuple[float, float] | None = None
    item_vectors: pd.DataFrame | None = None
    given: NDArray[np.str_] | None = None


def read_dataset(source: Path | str, items: Path | None, mapping: Mapping[str, str], config: IngestConfig) -> Dataset:
    """What `source` holds, which may be all that an ingest takes, or interactions beside a file of `items`.

    `mapping` goes from the file's name of a column to ours. What an ingest with it and `config` keeps is kept, and what
    it refuses is refused. Without values every interaction is worth the same, without times all happen at once. Items
    of which nothing but the id is known have no title.

    Raises:
        DatasetError: a file is missing, of an unknown kind, damaged, or lacks a column, or an ingest would refuse it.
    """
    try:
        tables = FileSource(source, mapping).read() if items is None else _read_pair(Path(source), items, mapping)
        screened = screen(tables, config)
    except SourceError as error:
        raise DatasetError(_with_option(str(error))) from error
    if not screened.rows[INTERACTIONS]:
        raise DatasetError(f"{source} holds no usable interaction")
    refused = find_refusal(screened, tables.origins, config)
    if refused is not None:
        raise DatasetError(refused.reason.replace("ingest refused: ", "", 1))
    order = np.argsort(screened.numbers, kind="stable")
    in_file = screened.interactions.iloc[order].reset_index(drop=True)
    has_values = columns.VALUE in tables.interactions
    titled = columns.TITLE in (tables.interactions if tables.items is None else tables.items)
    return Dataset(
        interactions=in_file,
        items=_untitled(screened.items, titled),
        missing=tuple(_missing(screened, has_values)),
        has_values=has_values or bool(config.weights),
        has_times=screened.timed,
        value_range=screened.value_range,
        item_vectors=screened.item_vectors,
        given=_given(tables, screened.numbers[order]),
    )


def read_item_vectors(path: Path) -> pd.DataFrame:
    """item_id and vector of a Parquet file, checked.

    Raises:
        DatasetError: the file is missing, no Parquet, or holds vectors that cannot be used.
    """
    try:
        return check_item_vectors(read_table(_file(path), ITEM_VECTORS).frame, str(path))
    except SourceError as error:
        raise DatasetError(str(error)) from error


def _read_pair(interactions: Path, items: Path, mapping: Mapping[str, str]) -> SourceTables:
    paths = {INTERACTIONS: interactions, ITEMS: items}
    raw = {table: read_table(_file(path), table) for table, path in paths.items()}
    origins = {table: str(path) for table, path in paths.items()}
    return name_tables(raw, mapping, origins, str(interactions))


def _given(tables: SourceTables, numbers: NDArray[np.int64]) -> NDArray[np.str_] | None:
    """The part of each row number, where the interactions came as a given split."""
    names = [name for name, _ in tables.given]
    if not names:
        return None
    ends = np.cumsum([rows for _, rows in tables.given])
    return np.array(names)[np.searchsorted(ends, numbers, side="right")]


def _file(path: Path) -> StoredPlace:
    place = locate(str(path))
    if place.is_folder() and place.path:
        raise DatasetError(f"{path} is not a file; give the path of the table itself")
    if not place.path:
        inside = [child for child in place.children() if not child.is_folder()]
        if len(inside) != 1:
            raise DatasetError(f"{path} holds {len(inside)} files; unpack it and give the path of the table itself")
        return inside[0]
    if not place.exists():
        raise DatasetError(f"{path} is not a file; give the path of the table itself")
    return place


def _with_option(message: str) -> str:
    """The message of a missing column with the option of this command in place of the ingest's."""
    lacking = next((option for name, option in OPTIONS.items() if f"no column {name}" in message), None)
    return message if lacking is None else f"{message.partition('; say which')[0]}. Name it with {lacking}"


def _untitled(items: pd.DataFrame, titled: bool) -> pd.DataFrame:
    """`items` without titles that only repeat the id: they say nothing about the content."""
    if titled:
        return items
    return items.assign(**{columns.TITLE: items[columns.TITLE].mask(items[columns.TITLE] == items[columns.ITEM], "")})


def _missing(screened: Screened, has_values: bool) -> list[str]:
    lines = []
    if not has_values:
        lines.append("no values: every interaction counts as liked")
    if not screened.timed:
        lines.append("no times: nothing that needs an order is computed, and the split is random")
    for table, count in screened.merged.items():
        lines.append(f"{count} of {screened.rows[table]} rows of {table} say what another one says, and were merged")
    for table, rows in screened.rows.items():
        bad = screened.reasons_of(table)
        if bad:
            counted = ", ".join(f"{count} × {reason}" for reason, count in bad.items())
            lines.append(f"{sum(bad.values())} of {rows} {table} were left out: {counted}")
    lines += [
        f"{table}: {note}"
        for table, notes in screened.notes.items()
        for note in notes
        if not note.startswith(("times were read", "no times"))
    ]
    if not screened.catalogued:
        lines.append("no items file: no content, diversity or features of items")
    return lines
