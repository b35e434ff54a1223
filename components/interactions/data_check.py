"""Says what an ingest would make of a source, before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions.cells import read_numbers
from components.interactions.columns import ITEM, TIMESTAMP, USER, VALUE
from components.interactions.content_guess import looks_like_times, looks_like_values
from components.interactions.refusal import find_refusal, suggest
from components.interactions.screening import REASON, ROW, TABLE, Screened
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, SourceTables

EXAMPLES = 3
FEW = 5


@dataclass(frozen=True)
class TableCheck:
    """One table: rows of the source, of which `kept`, `merged` and those that are bad for each reason.

    columns: of each column of the source what it was taken for, None for nothing. examples: up to three bad rows for
    each reason, as text.
    """

    rows: int
    kept: int
    merged: int
    bad: Mapping[str, int]
    columns: Mapping[str, str | None]
    read_as: str = ""
    notes: tuple[str, ...] = ()
    examples: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class DataCheck:
    """What an ingest would keep and refuse.

    time: of the first and the last interaction, None without times. refused: why nothing would be ingested, None if it
    would. few_users, few_items: the share of users and items with fewer than FEW interactions. heaviest: the user with
    most interactions, and how many they are.
    """

    tables: Mapping[str, TableCheck]
    time: tuple[pd.Timestamp, pd.Timestamp] | None
    values: tuple[float, float] | None
    users: int
    items: int
    refused: str | None
    suggestions: list[str]
    few_users: float = 0.0
    few_items: float = 0.0
    heaviest: tuple[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that `recops data check --json` prints."""
        first, last = self.time or (None, None)
        return {
            "tables": {
                name: {
                    "rows": table.rows,
                    "kept": table.kept,
                    "merged": table.merged,
                    "bad": dict(table.bad),
                    "columns": dict(table.columns),
                }
                for name, table in self.tables.items()
            },
            "time": {
                "first": None if first is None else first.isoformat(),
                "last": None if last is None else last.isoformat(),
            },
            "users": self.users,
            "items": self.items,
            "refused": self.refused,
            "suggestions": self.suggestions,
        }


def unreadable(reason: str, suggestions: list[str]) -> DataCheck:
    """The check of a source of which no table could be read."""
    return DataCheck({}, None, None, 0, 0, reason, suggestions)


def describe_data(tables: SourceTables, screened: Screened, config: IngestConfig) -> DataCheck:
    """What `screened`, which was made of `tables`, holds, and what an ingest would say to it."""
    rows = screened.interactions
    refused = find_refusal(screened, tables.origins, config)
    per_user, per_item = rows[USER].value_counts(), rows[ITEM].value_counts()
    first_and_last = (rows[TIMESTAMP].iloc[0], rows[TIMESTAMP].iloc[-1]) if len(rows) and screened.timed else None
    return DataCheck(
        tables={table: _check_table(tables, screened, table) for table in screened.rows},
        time=first_and_last,
        values=(float(rows[VALUE].min()), float(rows[VALUE].max())) if len(rows) else None,
        users=len(screened.users),
        items=len(screened.items),
        refused=None if refused is None else refused.reason,
        suggestions=[*suggest(screened, config), *_advice(tables, screened, config)],
        few_users=float(np.mean(per_user < FEW)) if len(per_user) else 0.0,
        few_items=float(np.mean(per_item < FEW)) if len(per_item) else 0.0,
        heaviest=(str(per_user.index[0]), int(per_user.iloc[0])) if len(per_user) else None,
    )


def _check_table(tables: SourceTables, screened: Screened, table: str) -> TableCheck:
    bad = screened.reasons_of(table)
    quarantine = screened.quarantine[screened.quarantine[TABLE] == table]
    examples = {
        reason: [_shown(row) for _, row in quarantine[quarantine[REASON] == reason].head(EXAMPLES).iterrows()]
        for reason in bad
    }
    return TableCheck(
        rows=screened.rows[table],
        kept=screened.kept_of(table),
        merged=screened.merged.get(table, 0),
        bad=bad,
        columns=tables.names.get(table, {}),
        read_as=tables.read_as.get(table, ""),
        notes=screened.notes.get(table, ()),
        examples=examples,
    )


def _shown(row: pd.Series[Any]) -> str:
    cells = [f"{name}={cell!r}" for name, cell in row.items() if name not in (TABLE, ROW, REASON) and cell]
    return f"row {row[ROW]}: {', '.join(cells)}"


def _advice(tables: SourceTables, screened: Screened, config: IngestConfig) -> list[str]:
    """What is no fault, but should be known before training."""
    lines = []
    if not screened.timed:
        lines += [
            f'{name!r} holds times and is not used; if they say when, mapping={{"{name}": "{TIMESTAMP}"}}'
            for name, ours in tables.names.get(INTERACTIONS, {}).items()
            if ours is None and name in tables.interactions and looks_like_times(tables.interactions[name])
        ]
        lines.append('no times: retrain with overrides={"split.protocol": "random"}')
    value = screened.value_range
    in_range = value is not None and value[1] > 100 and value[0] >= 0 and not screened.reasons_of(INTERACTIONS)
    if value is not None and in_range and config.values == "as_is":
        lines.append(
            f'values up to {value[1]:g} look like counts, which options={{"values": "counts"}} makes comparable'
        )
    lines += _advise_unused(tables, config)
    if ITEM_VECTORS in tables.origins:
        lines.append("item vectors are part of the version")
    return lines


def _advise_unused(tables: SourceTables, config: IngestConfig) -> list[str]:
    """What columns of the interactions that are not used, but hold numbers, may be good for."""
    lines = []
    for name, ours in tables.names.get(INTERACTIONS, {}).items():
        if ours is not None or name not in tables.interactions or not looks_like_values(tables.interactions[name]):
            continue
        if any(name in condition for condition in config.filters):
            continue
        if bool((read_numbers(tables.interactions[name]) < 0).any()):
            lines.append(
                f"{name!r} is below zero in some rows; if they take something back, leave them out with "
                f'options={{"filters": ["{name} >= 0"]}}'
            )
        elif VALUE not in tables.interactions:
            lines.append(
                f"{name!r} holds numbers and is not used; if it is a rating or an amount, "
                f'mapping={{"{name}": "{VALUE}"}}'
            )
    return lines
