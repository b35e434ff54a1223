"""Decides for each row of a raw table whether it is good, and if not, why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.attribute_columns import pack_attributes
from components.interactions.cells import find_repeats, is_empty, read_first_label, read_numbers, read_tags, read_texts
from components.interactions.ids import MISSING, read_ids
from components.interactions.timestamps import NO_TIME, interpret_times
from components.interactions.twin_ids import describe_twins
from components.interactions.values import add_counts, read_values

GOOD = ""
NULL_USER = "null user_id"
NULL_ITEM = "null item_id"
UNKNOWN_ITEM = "unknown item"
MERGED = "merged"
"""No fault: another row says the same, and one of them stays."""

DEFAULT_TYPE = "rating"
IMPLICIT_TYPE = "view"
NO_TIMES = "no times: only what needs no order can be computed, and the split is random"
_INTERACTION_KEY = [columns.USER, columns.ITEM, columns.TYPE, columns.TIMESTAMP]


@dataclass(frozen=True)
class CheckedTable:
    """`rows` are the good rows, typed; `reasons` says for every row why it is bad, GOOD or MERGED if it is not.

    notes: what could not be read in columns that cost no row, and how others were read. found: the range of the
    source's values, None without any. timed: whether there is a column of times.
    """

    rows: pd.DataFrame
    reasons: pd.Series[str]
    notes: tuple[str, ...] = ()
    found: tuple[float, float] | None = None
    timed: bool = True


def check_interactions(
    raw: pd.DataFrame, known_items: Iterable[str] | None, config: IngestConfig, part: bool = False
) -> CheckedTable:
    """The good interactions. An item outside `known_items` makes a row bad; with None every item is known.

    What an interaction is worth `read_values` says. A source without the column `type`, or a row without one, has type
    "rating", or "view" when there is no column of values either. Without a column of times all happen at NO_TIME. Rows
    with the same user, item, type and time are merged, and their counts are added where values are counts; a bad row is
    never one of them. A `part` of a source holds all rows of its users.
    """
    has_values, typed = columns.VALUE in raw, columns.TYPE in raw
    default_type = DEFAULT_TYPE if has_values else IMPLICIT_TYPE
    users, items = read_ids(raw[columns.USER], part), read_ids(raw[columns.ITEM], part)
    types, notes = _types(raw, default_type)
    values = read_values(raw[columns.VALUE] if has_values else None, types, typed, config)
    timed = columns.TIMESTAMP in raw
    if timed:
        read = interpret_times(raw[columns.TIMESTAMP], config.day_first)
        times, time_faults = read.times, read.faults
        notes += (f"times were read as {read.read_as}",) if len(raw) else ()
        notes += read.notes
    else:
        times = pd.Series(NO_TIME, index=raw.index, dtype="datetime64[ns, UTC]")
        time_faults = pd.Series(GOOD, index=raw.index, dtype=object)
        notes += (NO_TIMES,)
    rows = pd.DataFrame(
        {
            columns.USER: users.ids,
            columns.ITEM: items.ids,
            columns.VALUE: values.values,
            columns.TYPE: types,
            columns.TIMESTAMP: times,
        },
        index=raw.index,
    )
    faults = [
        _id_faults(users.faults, columns.USER, NULL_USER),
        _id_faults(items.faults, columns.ITEM, NULL_ITEM),
        values.faults,
        time_faults,
    ]
    if known_items is not None:
        is_known = items.ids.isin(list(known_items))
        faults.append(pd.Series(np.where(is_known, GOOD, UNKNOWN_ITEM), index=raw.index, dtype=object))
    for name, read_as in ((columns.USER, users), (columns.ITEM, items)):
        notes += describe_twins(read_as.ids.cat.categories, name)
    reasons = _first(faults)
    rows[columns.VALUE] = add_counts(values, rows.loc[reasons == GOOD, _INTERACTION_KEY], config).reindex(raw.index)
    return _separate(rows, reasons, _INTERACTION_KEY, (*notes, *values.notes), values.found, timed)


def check_items(raw: pd.DataFrame) -> CheckedTable:
    """The good items: those with an id. An item without a title is called by its id; no other column costs a row.

    Columns that we have no name for are attributes; see components/interactions/attributes.py.
    """
    read = read_ids(raw[columns.ITEM])
    ids = read.ids.astype(object)
    notes: tuple[str, ...] = ()
    titles = read_texts(raw[columns.TITLE]).str.strip() if columns.TITLE in raw else pd.Series("", index=raw.index)
    untitled = (titles == "") & (read.faults == GOOD)
    if columns.TITLE in raw and untitled.any():
        notes += (f"{int(untitled.sum())} items have no title and are called by their ids",)
    rows = pd.DataFrame({columns.ITEM: ids, columns.TITLE: titles.where(titles != "", ids)}, index=raw.index)
    readers = {columns.DESCRIPTION: read_texts, columns.CATEGORY: read_first_label, columns.TAGS: read_tags}
    for name, reader in readers.items():
        rows[name] = reader(raw[name]) if name in raw else ""
    rows[columns.PRICE] = np.nan
    if columns.PRICE in raw:
        rows[columns.PRICE], lost = _prices(raw[columns.PRICE])
        notes += lost
    rows[columns.ATTRIBUTES] = pack_attributes(raw)
    reasons = _first([_id_faults(read.faults, columns.ITEM, NULL_ITEM)])
    return _separate(rows, reasons, [columns.ITEM], notes)


def check_users(raw: pd.DataFrame) -> CheckedTable:
    """The good users; every other column is an attribute, kept as text under its name, in the order of the names."""
    attributes = sorted(str(name) for name in raw.columns if name != columns.USER)
    read = read_ids(raw[columns.USER])
    rows = pd.DataFrame({columns.USER: read.ids.astype(object)}, index=raw.index)
    for name in attributes:
        rows[name] = read_texts(raw[name])
    return _separate(rows, _first([_id_faults(read.faults, columns.USER, NULL_USER)]), [columns.USER], ())


def _types(raw: pd.DataFrame, default: str) -> tuple[pd.Series[Any], tuple[str, ...]]:
    if columns.TYPE not in raw:
        return pd.Series(default, index=raw.index, dtype=pd.CategoricalDtype([default])), ()
    types = read_texts(raw[columns.TYPE]).str.strip()
    empty = types == ""
    notes = (f"{int(empty.sum())} interactions without a type count as {default}",) if empty.any() else ()
    return types.mask(empty, default).astype("category"), notes


def _prices(raw: pd.Series[Any]) -> tuple[pd.Series[float], tuple[str, ...]]:
    prices = read_numbers(raw)
    good = prices.between(0, np.inf, inclusive="left")
    lost = ~good & ~is_empty(raw)
    if not lost.any():
        return prices.where(good), ()
    example = str(raw[lost].iloc[0])
    return prices.where(good), (
        f"{int(lost.sum())} prices are no numbers from 0 up, such as {example!r}, and are left empty",
    )


def _id_faults(faults: pd.Series[str], name: str, missing: str) -> pd.Series[str]:
    words = {
        fault: GOOD if fault == GOOD else missing if fault == MISSING else f"{name} {fault}" for fault in set(faults)
    }
    return faults.map(words).astype(object)


def _first(faults: list[pd.Series[str]]) -> pd.Series[str]:
    """Of the faults of each row the first."""
    reasons = faults[0]
    for later in faults[1:]:
        reasons = reasons.where(reasons != GOOD, later)
    return reasons


def _separate(
    rows: pd.DataFrame,
    reasons: pd.Series[str],
    key: list[str],
    notes: tuple[str, ...],
    found: tuple[float, float] | None = None,
    timed: bool = True,
) -> CheckedTable:
    """Of the good rows those that share a key are merged into one."""
    repeats = find_repeats(rows[reasons == GOOD], key)
    reasons = reasons.copy()
    reasons[repeats.index[repeats]] = MERGED
    return CheckedTable(rows[reasons == GOOD], reasons, notes, found, timed)
