"""Reads interactions from a CSV, TSV or Parquet file, or from a folder of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from components.interactions.column_mapping import check_mapping, rename_columns
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS, SourceError, SourceTables

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


class FileSource:
    """A file of interactions, or a folder with interactions.* and optionally items.*, users.*, item_vectors.parquet.

    `mapping` goes from a column's name in the files to ours and holds for every file that has the column. Cells of
    CSV and TSV files are read as text, so that the quarantine shows them as they stand.
    """

    def __init__(self, path: Path, mapping: Mapping[str, str]) -> None:
        self._path = path
        self._mapping = mapping

    @property
    def name(self) -> str:
        return str(self._path)

    def read(self) -> SourceTables:
        """All rows of the files; see SourceTables.

        Raises:
            SourceError: a file is missing, damaged or lacks a column, or `mapping` names a column no file has.
        """
        paths = self._find_files()
        raw = {table: _read_file(path) for table, path in paths.items()}
        check_mapping(self._mapping, {str(name) for frame in raw.values() for name in frame.columns}, self.name)
        tables = {table: rename_columns(raw[table], self._mapping, table, str(paths[table])) for table in raw}
        return SourceTables(
            interactions=tables[INTERACTIONS],
            items=tables.get(ITEMS),
            users=tables.get(USERS),
            origins={table: str(path) for table, path in paths.items()},
            item_vectors=tables.get(ITEM_VECTORS),
        )

    def _find_files(self) -> dict[str, Path]:
        if not self._path.exists():
            raise SourceError(f"{self._path} does not exist; give `movielens`, `sql`, or the path of a file or folder")
        if self._path.is_file():
            return {INTERACTIONS: self._path}
        found: dict[str, Path] = {}
        for table in (INTERACTIONS, ITEMS, USERS):
            candidates = [path for suffix in SUFFIXES if (path := self._path / f"{table}{suffix}").is_file()]
            if len(candidates) > 1:
                names = " and ".join(path.name for path in candidates)
                raise SourceError(f"{self._path} holds {names}; keep one of them")
            if candidates:
                found[table] = candidates[0]
        if (vectors := self._path / f"{ITEM_VECTORS}.parquet").is_file():
            found[ITEM_VECTORS] = vectors
        if INTERACTIONS not in found:
            raise SourceError(
                f"{self._path} has no interactions file; name it interactions with one of {', '.join(SUFFIXES)}"
            )
        return found


def _read_file(path: Path) -> pd.DataFrame:
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    kind = suffixes[-1].lower() if suffixes else ""
    try:
        if kind == ".parquet":
            return pd.read_parquet(path).reset_index(drop=True)
        if kind in _SEPARATORS:
            return _read_text_file(path, _SEPARATORS[kind])
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        raise SourceError(f"{path} cannot be read: {' '.join(str(error).split())}; correct the file") from error
    raise SourceError(f"{path} is none of {', '.join(SUFFIXES)}; convert it to one of them")


def _read_text_file(path: Path, separator: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        # A first row with more cells than the header is only warned of, and its last cells would be lost.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            index_col=False,
            encoding="utf-8-sig",
            low_memory=False,
        )
