"""Parts the good rows of a source from the bad ones, which it quarantines with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.cells import read_numbers, read_texts
from components.interactions.column_mapping import ALL_COLUMNS
from components.interactions.item_vectors import check_item_vectors
from components.interactions.row_checks import GOOD, CheckedTable, check_interactions, check_items, check_users
from components.interactions.schema import interactions_schema, items_schema, users_schema
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS, SourceTables

TABLE = "table"
ROW = "row"
REASON = "reason"


@dataclass(frozen=True)
class Screened:
    """The tables of a data version, checked, and what was kept out of them.

    interactions: user_id, item_id (str), value (float64), type (str), timestamp (UTC), sorted by timestamp, user_id,
        item_id, type. items: item_id, title, description, category, tags (str), price (float64), attributes (str),
        sorted by item_id.
        users: user_id and the attributes (str), sorted by user_id. All with a RangeIndex.
    quarantine: table, row (number of the row in the source, from 1, the header not counted), reason, and the source's
        values as text, sorted by table and row.
    rows: how many rows each table of the source had.
    item_vectors: as `check_item_vectors` gives them, None where the source brings none.
    """

    interactions: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame
    quarantine: pd.DataFrame
    rows: dict[str, int]
    item_vectors: pd.DataFrame | None = None

    def reasons_of(self, table: str) -> dict[str, int]:
        """How many rows of `table` are bad for each reason, the commonest first."""
        counts = self.quarantine.loc[self.quarantine[TABLE] == table, REASON].value_counts()
        return {str(reason): int(counts[reason]) for reason in sorted(counts.index, key=lambda r: (-counts[r], r))}

    def bad_share_of(self, table: str) -> float:
        """The share of `table`'s rows that are bad; 0 for a table without rows."""
        bad = sum(self.reasons_of(table).values())
        return bad / self.rows[table] if self.rows.get(table) else 0.0


def screen(tables: SourceTables, config: IngestConfig) -> Screened:
    """Every row of `tables` ends in exactly one place: in its table, or in the quarantine.

    Where the source has an items table, an interaction with an item that is not good in it is an unknown item.
    Otherwise the items are those of the good interactions. Users of good interactions are added to the users table.
    The order of the rows changes nothing but the row numbers in the quarantine.

    Raises:
        SourceError: the item vectors cannot be used.
    """
    vectors = tables.item_vectors
    if vectors is not None:
        vectors = check_item_vectors(vectors, tables.origins.get(ITEM_VECTORS, ITEM_VECTORS))
    items = None if tables.items is None else check_items(tables.items)
    users = None if tables.users is None else check_users(tables.users)
    known = None if items is None else items.rows[columns.ITEM]
    interactions = check_interactions(tables.interactions, known, config)
    item_rows = _derive_items(tables.interactions, interactions) if items is None else items.rows
    checked = {INTERACTIONS: (tables.interactions, interactions)}
    if tables.items is not None and items is not None:
        checked[ITEMS] = (tables.items, items)
    if tables.users is not None and users is not None:
        checked[USERS] = (tables.users, users)
    order = [columns.TIMESTAMP, columns.USER, columns.ITEM, columns.TYPE]
    return Screened(
        interactions=interactions_schema(config).validate(_in_order(interactions.rows, order)),
        items=items_schema().validate(_in_order(item_rows, [columns.ITEM])),
        users=users_schema().validate(_in_order(_with_all_users(users, interactions.rows), [columns.USER])),
        quarantine=_quarantine(checked),
        rows={table: len(raw) for table, (raw, _) in checked.items()},
        item_vectors=vectors,
    )


def _in_order(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return frame.sort_values(keys, ignore_index=True)


def _derive_items(raw: pd.DataFrame, interactions: CheckedTable) -> pd.DataFrame:
    """The items of the good interactions, with the first thing in order of text that their rows say for each column.

    An item without a title is called by its id.
    """
    rows = interactions.rows[[columns.ITEM]].copy()
    for name in columns.ITEM_COLUMNS[1:]:
        if name in raw:
            cells = read_texts(raw.loc[rows.index, name])
            rows[name] = cells.mask(cells.str.strip() == "")
    if columns.PRICE in rows:
        prices = read_numbers(rows[columns.PRICE])
        rows[columns.PRICE] = prices.where(prices.between(0, np.inf, inclusive="left"))
    items = rows.sort_values(list(rows.columns), na_position="last").groupby(columns.ITEM, as_index=False).first()
    if columns.TITLE in items:
        items[columns.TITLE] = items[columns.TITLE].fillna(items[columns.ITEM])
    return check_items(items).rows


def _with_all_users(users: CheckedTable | None, interactions: pd.DataFrame) -> pd.DataFrame:
    active = pd.DataFrame({columns.USER: interactions[columns.USER].unique()}, dtype=object)
    if users is None:
        return active
    return users.rows.merge(active, how="outer", on=columns.USER).fillna("")


def _quarantine(checked: dict[str, tuple[pd.DataFrame, CheckedTable]]) -> pd.DataFrame:
    parts, names = [], [TABLE, ROW, REASON]
    for table, (raw, result) in sorted(checked.items()):
        bad = result.reasons[result.reasons != GOOD].sort_index()
        shown = [str(name) for name in raw.columns if table == USERS or name in ALL_COLUMNS]
        part = raw.loc[bad.index, shown].apply(read_texts)
        part.insert(0, TABLE, table)
        part.insert(1, ROW, bad.index.to_numpy(dtype="int64") + 1)
        part.insert(2, REASON, bad)
        names += [name for name in shown if name not in names]
        if len(part):
            parts.append(part)
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return whole.reindex(columns=names).fillna("")
