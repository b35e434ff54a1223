"""Parts the good rows of a source from the bad ones, which it quarantines with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.cells import read_numbers, read_texts
from components.interactions.column_mapping import ALL_COLUMNS
from components.interactions.item_vectors import check_item_vectors
from components.interactions.raw_table import DamagedRow
from components.interactions.row_checks import (
    GOOD,
    MERGED,
    CheckedTable,
    check_interactions,
    check_items,
    check_users,
)
from components.interactions.row_filter import Condition, find_unwanted, parse_condition
from components.interactions.schema import check_promises, items_schema, users_schema
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS, SourceTables

TABLE = "table"
ROW = "row"
REASON = "reason"
TEXT = "text"
"""Of a row that could not be read into cells."""
FILTERED = "left out by the filter "


@dataclass(frozen=True)
class Screened:
    """The tables of a data version, checked, and what was kept out of them.

    interactions: user_id, item_id (str), value (float64), type (str), timestamp (UTC), sorted by timestamp, user_id,
        item_id, type. items: item_id, title, description, category, tags (str), price (float64), attributes (str),
        sorted by item_id.
        users: user_id and the attributes (str), sorted by user_id. All with a RangeIndex.
    quarantine: table, row (number of the row in the source, from 1, the header not counted), reason, and the source's
        values as text, sorted by table and row.
    rows: how many rows each table of the source had. merged: how many of them say what another one says. Every row is
        kept, merged, or in the quarantine.
    item_vectors: as `check_item_vectors` gives them, None where the source brings none.
    notes: for each table what is worth knowing. value_range: of the source's own values. timed, catalogued: whether it
        has times, and a table of items.
    """

    interactions: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame
    quarantine: pd.DataFrame
    rows: dict[str, int]
    item_vectors: pd.DataFrame | None = None
    merged: dict[str, int] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    value_range: tuple[float, float] | None = None
    timed: bool = True
    catalogued: bool = True
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def reasons_of(self, table: str) -> dict[str, int]:
        """How many rows of `table` are bad for each reason, the commonest first."""
        counts = self.quarantine.loc[self.quarantine[TABLE] == table, REASON].value_counts()
        return {str(reason): int(counts[reason]) for reason in sorted(counts.index, key=lambda r: (-counts[r], r))}

    def bad_share_of(self, table: str) -> float:
        """The share of `table`'s rows that are bad; 0 for a table without rows. What a filter leaves out is not bad."""
        reasons = self.reasons_of(table)
        filtered = sum(count for reason, count in reasons.items() if reason.startswith(FILTERED))
        wanted = self.rows.get(table, 0) - filtered
        return (sum(reasons.values()) - filtered) / wanted if wanted else 0.0

    def kept_of(self, table: str) -> int:
        """How many rows of `table` are in the tables of the version."""
        return self.rows[table] - self.merged.get(table, 0) - sum(self.reasons_of(table).values())


def screen(tables: SourceTables, config: IngestConfig) -> Screened:
    """Every row of `tables` ends in exactly one place: in its table, merged into an equal one, or in the quarantine.

    Where the source has an items table, an interaction with an item that is not good in it is an unknown item.
    Otherwise the items are those of the good interactions. Users of good interactions are added to the users table.
    The order of the rows changes nothing but the row numbers in the quarantine.

    Raises:
        SourceError: the item vectors cannot be used, or a filter names a column that is not there.
    """
    vectors = tables.item_vectors
    if vectors is not None:
        vectors = check_item_vectors(vectors, tables.origins.get(ITEM_VECTORS, ITEM_VECTORS))
    conditions = [parse_condition(text) for text in config.filters]
    raw = {INTERACTIONS: tables.interactions, ITEMS: tables.items, USERS: tables.users}
    parts = {
        table: _part(frame, [each for each in conditions if each.table == table], tables.names.get(table, {}))
        for table, frame in raw.items()
        if frame is not None
    }
    checked: dict[str, CheckedTable] = {}
    if ITEMS in parts:
        checked[ITEMS] = check_items(parts[ITEMS].wanted)
    if USERS in parts:
        checked[USERS] = check_users(parts[USERS].wanted)
    known = checked[ITEMS].rows[columns.ITEM] if ITEMS in checked else None
    checked[INTERACTIONS] = check_interactions(parts[INTERACTIONS].wanted, known, config)
    good = checked[INTERACTIONS]
    item_rows = checked[ITEMS].rows if ITEMS in checked else _derive_items(parts[INTERACTIONS].wanted, good)
    ordered = good.rows.sort_values([columns.TIMESTAMP, columns.USER, columns.ITEM, columns.TYPE])
    return Screened(
        interactions=check_promises(_as_text(ordered.reset_index(drop=True)), config),
        items=items_schema().validate(_in_order(item_rows, [columns.ITEM])),
        users=users_schema().validate(_in_order(_with_all_users(checked.get(USERS), good.rows), [columns.USER])),
        quarantine=_quarantine(parts, checked, tables.damaged),
        rows={table: len(part.whole) + len(tables.damaged.get(table, ())) for table, part in parts.items()},
        item_vectors=vectors,
        merged={table: count for table, found in checked.items() if (count := int((found.reasons == MERGED).sum()))},
        notes={table: found.notes for table, found in checked.items()},
        value_range=good.found,
        timed=good.timed,
        catalogued=ITEMS in parts,
        numbers=ordered.index.to_numpy(dtype=np.int64),
    )


@dataclass(frozen=True)
class _Part:
    """A raw table, the rows of it that no filter leaves out, and for the others which one did."""

    whole: pd.DataFrame
    wanted: pd.DataFrame
    unwanted: pd.Series[str]


def _part(frame: pd.DataFrame, conditions: Sequence[Condition], names: Mapping[str, str | None]) -> _Part:
    if not conditions:
        return _Part(frame, frame, pd.Series([], dtype=object))
    unwanted = find_unwanted(frame, conditions, names)
    return _Part(frame, frame[unwanted == ""], unwanted[unwanted != ""])


def _in_order(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return frame.sort_values(keys, ignore_index=True)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as the text that everything downstream takes; equal ids share one object."""
    names = [str(name) for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.assign(**{name: frame[name].astype(object) for name in names})


def _derive_items(raw: pd.DataFrame, interactions: CheckedTable) -> pd.DataFrame:
    """The items of the good interactions, with the first thing in order of text that their rows say for each column.

    An item without a title is called by its id.
    """
    rows = interactions.rows[[columns.ITEM]].astype(object)
    for name in columns.ITEM_COLUMNS[1:]:
        if name in raw:
            cells = read_texts(raw.loc[rows.index, name])
            rows[name] = cells.mask(cells.str.strip() == "")
    rows = rows.drop_duplicates()
    if columns.PRICE in rows:
        prices = read_numbers(rows[columns.PRICE])
        rows[columns.PRICE] = prices.where(prices.between(0, np.inf, inclusive="left"))
    items = rows.sort_values(list(rows.columns), na_position="last").groupby(columns.ITEM, as_index=False).first()
    if columns.TITLE in items:
        items[columns.TITLE] = items[columns.TITLE].fillna(items[columns.ITEM])
    return check_items(items).rows


def _with_all_users(users: CheckedTable | None, interactions: pd.DataFrame) -> pd.DataFrame:
    active = pd.DataFrame({columns.USER: interactions[columns.USER].unique().astype(object)}, dtype=object)
    if users is None:
        return active
    return users.rows.merge(active, how="outer", on=columns.USER).fillna("")


def _quarantine(
    parts: Mapping[str, _Part], checked: Mapping[str, CheckedTable], damaged: Mapping[str, Sequence[DamagedRow]]
) -> pd.DataFrame:
    found, names = [], [TABLE, ROW, REASON]
    for table, part in sorted(parts.items()):
        reasons = checked[table].reasons
        bad = pd.concat([reasons[(reasons != GOOD) & (reasons != MERGED)], FILTERED + part.unwanted.astype(object)])
        bad = bad.sort_index()
        shown = [str(name) for name in part.whole.columns if table == USERS or name in ALL_COLUMNS]
        rows = part.whole.loc[bad.index, shown].apply(read_texts)
        rows.insert(0, TABLE, table)
        rows.insert(1, ROW, bad.index.to_numpy(dtype="int64") + 1)
        rows.insert(2, REASON, bad)
        names += [name for name in shown if name not in names]
        if lost := damaged.get(table):
            names += [TEXT] if TEXT not in names else []
            unread = [{TABLE: table, ROW: row.number + 1, REASON: row.reason, TEXT: row.text} for row in lost]
            rows = pd.concat([rows, pd.DataFrame(unread)]).sort_values(ROW) if len(rows) else pd.DataFrame(unread)
        if len(rows):
            found.append(rows)
    whole = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)
    return whole.reindex(columns=names).fillna("")
