"""Reads a data set for a comparison as it is: CSV, TSV, Parquet, and MovieLens' u.data, u.item and ratings.dat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.interactions import columns
from components.interactions.item_vectors import check_item_vectors
from components.interactions.source import SourceError
from components.interactions.timestamps import read_times

RATINGS = (columns.USER, columns.ITEM, columns.VALUE, columns.TIMESTAMP)
ALIASES = {
    columns.USER: ("userid", "user", "uid", "user_id:token"),
    columns.ITEM: ("itemid", "item", "iid", "movieid", "movie_id", "item_id:token"),
    columns.VALUE: ("rating", "score", "weight", "rating:float"),
    columns.TIMESTAMP: ("time", "date", "datetime", "timestamp:float"),
    columns.TITLE: ("name", "movie_title"),
    columns.TAGS: ("genres", "genre"),
}
"""What other data sets call our columns; case does not matter."""
NO_TIME = pd.Timestamp("1970-01-01", tz="UTC")


class DatasetError(Exception):
    """A data set cannot be read; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class Dataset:
    """Interactions in the order of the file, items, what was missing in words, and what could be read."""

    interactions: pd.DataFrame
    items: pd.DataFrame
    missing: tuple[str, ...]
    has_values: bool
    has_times: bool


def read_dataset(interactions: Path, items: Path | None, mapping: Mapping[str, str]) -> Dataset:
    """Both tables under our column names; `mapping` goes from our name to the file's.

    Without values every interaction is worth 1, without times all happen at once; rows without user or item are left
    out and counted in `missing`. Items that only interactions know get a row without text.

    Raises:
        DatasetError: a file is missing, of an unknown kind, damaged, or has no column for users or items.
    """
    raw = _renamed(_read(interactions), mapping, (columns.USER, columns.ITEM), interactions)
    if raw.empty:
        raise DatasetError(f"{interactions} holds no usable interaction")
    missing: list[str] = []
    table = pd.DataFrame({name: raw[name].astype("string") for name in (columns.USER, columns.ITEM)})
    table[columns.VALUE] = _values(raw, interactions, missing)
    table[columns.TYPE] = "rating"
    table[columns.TIMESTAMP] = _times(raw, missing)
    bad = table.isna().any(axis=1)
    if bad.any():
        missing.append(
            f"{int(bad.sum())} of {len(bad)} interactions were left out: user, item, value or time is missing"
        )
    table = table[~bad].astype({columns.USER: object, columns.ITEM: object}).reset_index(drop=True)
    if table.empty:
        raise DatasetError(f"{interactions} holds no usable interaction")
    has_times = bool((table[columns.TIMESTAMP] != NO_TIME).any())
    described = _items(items, mapping, table[columns.ITEM], missing)
    return Dataset(table, described, tuple(missing), columns.VALUE in raw, has_times)


def read_item_vectors(path: Path) -> pd.DataFrame:
    """item_id and vector of a Parquet file, checked.

    Raises:
        DatasetError: the file is missing, no Parquet, or holds vectors that cannot be used.
    """
    try:
        return check_item_vectors(_read(path), str(path))
    except SourceError as error:
        raise DatasetError(str(error)) from error


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DatasetError(f"{path} is not a file; give the path of the table itself")
    try:
        if path.name == "u.data":
            return pd.read_csv(path, sep="\t", header=None, names=list(RATINGS), dtype=str)
        if path.name == "u.item":
            return _read_u_item(path)
        if path.suffix == ".dat":
            return _read_dat(path)
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        separator = "\t" if ".tsv" in path.suffixes or ".inter" in path.suffixes else ","
        return pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig")
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise DatasetError(f"{path} cannot be read: {str(error).strip()}") from error


def _read_u_item(path: Path) -> pd.DataFrame:
    raw = pd.read_csv(path, sep="|", header=None, encoding="latin-1", dtype=str)
    genre_file = path.with_name("u.genre")
    if genre_file.is_file():
        lines = genre_file.read_text(encoding="latin-1").split()
        names = [line.split("|")[0] for line in lines if "|" in line]
    else:
        names = [f"genre {place}" for place in range(raw.shape[1] - 5)]
    flags = raw.iloc[:, 5:].to_numpy() == "1"
    tags = [columns.TAG_SEPARATOR.join(name for name, flag in zip(names, row, strict=False) if flag) for row in flags]
    return pd.DataFrame({columns.ITEM: raw[0], columns.TITLE: raw[1], columns.TAGS: tags})


def _read_dat(path: Path) -> pd.DataFrame:
    lines = path.read_text(encoding="latin-1").splitlines()
    rows = [line.split("::") for line in lines if line]
    names = {"ratings.dat": RATINGS, "movies.dat": (columns.ITEM, columns.TITLE, columns.TAGS)}.get(path.name)
    if names is None or any(len(row) != len(names) for row in rows):
        raise ValueError("of the .dat files only ratings.dat and movies.dat of MovieLens are known")
    return pd.DataFrame(rows, columns=list(names))


def _renamed(raw: pd.DataFrame, mapping: Mapping[str, str], required: tuple[str, ...], path: Path) -> pd.DataFrame:
    by_name = {str(name).casefold(): name for name in raw.columns}
    found: dict[str, str | None] = {}
    for ours in (*columns.INTERACTION_COLUMNS, *columns.ITEM_COLUMNS):
        if ours in mapping and mapping[ours] in raw.columns:
            found[ours] = mapping[ours]
        else:
            found[ours] = next((by_name[name] for name in (ours, *ALIASES.get(ours, ())) if name in by_name), None)
    if lacking := [name for name in required if found[name] is None]:
        raise DatasetError(
            f"{path} has no column {lacking[0]}; its columns are {', '.join(map(str, raw.columns))}. "
            f"Name it with --{lacking[0].split('_')[0]}-column"
        )
    return pd.DataFrame({ours: raw[name] for ours, name in found.items() if name is not None})


def _values(raw: pd.DataFrame, path: Path, missing: list[str]) -> pd.Series[float]:
    if columns.VALUE not in raw:
        missing.append("no values: every interaction counts as liked")
        return pd.Series(1.0, raw.index)
    values = pd.to_numeric(raw[columns.VALUE], errors="coerce")
    if values.isna().all():
        raise DatasetError(f"{path}: the values are not numbers, such as {raw[columns.VALUE].iloc[0]!r}")
    return values.astype(float)


def _times(raw: pd.DataFrame, missing: list[str]) -> pd.Series[pd.Timestamp]:
    times = read_times(raw[columns.TIMESTAMP]) if columns.TIMESTAMP in raw else None
    if times is None or times.isna().all():
        missing.append("no times: nothing that needs an order is computed, and the split is random")
        return pd.Series(NO_TIME, raw.index, dtype="datetime64[ns, UTC]")
    return times


def _items(path: Path | None, mapping: Mapping[str, str], met: pd.Series[str], missing: list[str]) -> pd.DataFrame:
    known = pd.DataFrame({columns.ITEM: sorted(met.unique())})
    if path is None:
        missing.append("no items file: no content, diversity or features of items")
        raw = pd.DataFrame({columns.ITEM: pd.Series(dtype=object)})
    else:
        raw = _renamed(_read(path), mapping, (columns.ITEM,), path)
        raw[columns.ITEM] = raw[columns.ITEM].astype(str)
        raw = raw.drop_duplicates(columns.ITEM)
    items = raw.merge(known, on=columns.ITEM, how="outer").sort_values(columns.ITEM, ignore_index=True)
    for name in (columns.TITLE, columns.DESCRIPTION, columns.CATEGORY, columns.TAGS):
        items[name] = items[name].fillna("").astype(str) if name in items else ""
    items[columns.PRICE] = (
        pd.to_numeric(items[columns.PRICE], errors="coerce") if columns.PRICE in items else float("nan")
    )
    return items[list(columns.ITEM_COLUMNS)]
