"""Reads interactions from a file of any usual format, or from a folder, a zip or an address that holds several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from components.adapters.sources.stored_bytes import StoredPlace, locate
from components.adapters.sources.tables import SUFFIXES, join_parts, read_table
from components.interactions.column_mapping import name_tables
from components.interactions.column_names import TABLE_NAMES
from components.interactions.source import (
    INTERACTIONS,
    ITEM_VECTORS,
    ITEMS,
    USERS,
    NothingNewError,
    SourceError,
    SourceTables,
)

_PACKINGS = (".gz", ".zst", ".zstd", ".bz2", ".xz")
_TABLES = frozenset(name for names in TABLE_NAMES.values() for name in names.split())
_SPLIT = ("train", "valid", "test")
_PART = re.compile(r"[-_.]?\d[-_.\dtTzZ]*")
_MOVIELENS_100K = {INTERACTIONS: "u.data", ITEMS: "u.item", USERS: "u.user"}


class FileSource:
    """A file of interactions, or a folder with interactions.* and optionally items.*, users.*, item_vectors.parquet.

    A table may also be a folder of Parquet files (partitioned or not), or several files whose names go on with a number
    or a date (interactions-2026-01-31.csv), which stand below each other; train.*, valid.* and test.* of a given split
    stand so too. u.data, u.item and u.user of MovieLens 100K are known. Without interactions of such a name the last
    word of a file's name counts (BX-Book-Ratings.csv). `mapping` goes from a column's name in the files to ours and
    holds for every file that has the column, or with TABLE.COLUMN for one table. Cells of text files are read as text,
    so that the quarantine shows them as they stand.

    With `known`, the fingerprints that a reading before gave as `feed`, the files that have not changed since are left
    out.
    """

    def __init__(self, path: Path | str, mapping: Mapping[str, str], known: Mapping[str, str] | None = None) -> None:
        self._path = str(path)
        self._mapping = mapping
        self._known = known or {}

    @property
    def name(self) -> str:
        return locate(self._path).shown

    def read(self) -> SourceTables:
        """All rows of the files; see SourceTables.

        Raises:
            SourceError: a file is missing, damaged or lacks a column, or `mapping` names a column no file has.
        """
        found = self._find_files()
        feed = {place.name: place.fingerprint() for places in found.values() for place in places}
        news = {table: self._news(places, feed) for table, places in found.items()}
        parts = {table: [read_table(place, table) for place in places] for table, places in news.items() if places}
        raw = {table: each[0] if len(each) == 1 else join_parts(each) for table, each in parts.items()}
        if INTERACTIONS not in raw:
            raise NothingNewError(f"{self.name}: no file of interactions is new or changed since the last ingest")
        origins = {table: _shown(found[table]) for table in raw}
        named = name_tables(raw, self._mapping, origins, self.name, feed)
        names = [_part_of_split(_stem(place)) for place in news[INTERACTIONS]]
        if "train" in names and "test" in names and all(names):
            rows = [part.rows for part in parts[INTERACTIONS]]
            return replace(named, given=tuple(zip(names, rows, strict=True)))
        return named

    def _news(self, places: list[StoredPlace], feed: Mapping[str, str]) -> list[StoredPlace]:
        return [place for place in places if self._known.get(place.name) != feed[place.name]]

    def _find_files(self) -> dict[str, list[StoredPlace]]:
        place = locate(self._path)
        if not place.exists():
            raise SourceError(f"{place.shown} does not exist; give `movielens`, `sql`, or the path of a file or folder")
        if not place.is_folder():
            _check_suffix(place)
            return {INTERACTIONS: [place]}
        children = _inside(place.children())
        found = {
            table: places
            for table in (INTERACTIONS, ITEMS, USERS, ITEM_VECTORS)
            if (places := _files_of(table, children, place.shown) or _of_movielens_100k(table, children))
        }
        if INTERACTIONS not in found:
            found = {**_files_by_last_word(children, place.shown), **found}
        if INTERACTIONS not in found:
            split = sorted((child for child in children if _part_of_split(_stem(child))), key=_split_order)
            if {"train", "test"} <= {_part_of_split(_stem(child)) for child in split}:
                found[INTERACTIONS] = split
        if INTERACTIONS in found:
            return found
        readable = [child for child in children if child.name.lower().endswith(_endings(SUFFIXES))]
        if any("=" in child.name and child.is_folder() for child in children) or (
            readable and all(child.name.lower().endswith(".parquet") for child in readable)
        ):
            return {INTERACTIONS: [place]}
        if len(readable) == 1 and not found:
            return {INTERACTIONS: readable}
        if packed := [child.name for child in children if child.name.lower().endswith((".zip", ".tar", ".tar.gz"))]:
            raise SourceError(
                f"{place.shown} holds {', '.join(packed)}, itself packed; unpack it, and give what it holds"
            )
        raise SourceError(
            f"{place.shown} has no interactions file; name it interactions with one of {', '.join(SUFFIXES)}"
        )


def _inside(children: list[StoredPlace]) -> list[StoredPlace]:
    """Of a folder or zip that holds nothing but a folder, what that holds."""
    while len(children) == 1 and children[0].is_folder() and "=" not in children[0].name:
        inner = children[0].children()
        if _stem(children[0]) in _TABLES and all(child.name.endswith(".parquet") for child in inner):
            break
        children = inner
    return children


def _part_of_split(stem: str) -> str:
    """train, valid or test, "" for the name of no part of a split."""
    name = {"validation": "valid", "val": "valid", "dev": "valid"}.get(stem, stem)
    return name if name in _SPLIT else ""


def _split_order(place: StoredPlace) -> int:
    return _SPLIT.index(_part_of_split(_stem(place)))


def _files_of(table: str, children: Iterable[StoredPlace], folder: str) -> list[StoredPlace]:
    for name in (table, *TABLE_NAMES.get(table, "").split()[1:]):
        exact = [child for child in children if _stem(child) == name]
        parts = [child for child in children if _is_part(_stem(child), name)]
        if len(exact) > 1:
            raise SourceError(f"{folder} holds {' and '.join(child.name for child in exact)}; keep one of them")
        if exact or parts:
            return [*exact, *parts]
    return []


def _of_movielens_100k(table: str, children: Iterable[StoredPlace]) -> list[StoredPlace]:
    return [child for child in children if _unpacked_name(child) == _MOVIELENS_100K.get(table)][:1]


def _files_by_last_word(children: Iterable[StoredPlace], folder: str) -> dict[str, list[StoredPlace]]:
    """Files whose names end as a table's do, such as BX-Book-Ratings.csv and BX-Books.csv."""
    found: dict[str, list[StoredPlace]] = {}
    for child in children:
        first, _, last = re.sub(r"[-_. ]", " ", _stem(child)).rpartition(" ")
        for table, names in TABLE_NAMES.items():
            if first and last and {last, f"{last}s"} & set(names.split()):
                found.setdefault(table, []).append(child)
    for places in found.values():
        if len(places) > 1:
            raise SourceError(f"{folder} holds {' and '.join(each.name for each in places)}; keep one of them")
    return found


def _stem(place: StoredPlace) -> str:
    """The name without format and packing, "" where it is no table's."""
    name = _unpacked_name(place)
    suffix = next((end for end in SUFFIXES if name.endswith(end)), None)
    if suffix is None:
        return name if name == place.name.lower() and place.is_folder() else ""
    return name.removesuffix(suffix)


def _unpacked_name(place: StoredPlace) -> str:
    name = place.name.lower()
    return name.removesuffix(next((end for end in _PACKINGS if name.endswith(end)), ""))


def _is_part(stem: str, name: str) -> bool:
    return stem.startswith(name) and _PART.fullmatch(stem[len(name) :]) is not None


def _check_suffix(place: StoredPlace) -> None:
    name = place.name.lower()
    if "." in name and not name.endswith((*_endings(SUFFIXES), "u.item")):
        raise SourceError(f"{place.shown} is none of {', '.join(SUFFIXES)}; convert it to one of them")


def _endings(suffixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(suffix + packing for suffix in suffixes for packing in ("", *_PACKINGS))


def _shown(places: list[StoredPlace]) -> str:
    first = places[0].shown
    return first if len(places) == 1 else f"{first} and {len(places) - 1} more"
