"""Writes what is stored as Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.store.contents import EVENTS, of_tenant
from components.adapters.store.table_files import snapshot, write_table
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class ExportedTable:
    """One file, and how many rows it has."""

    file: Path
    rows: int


def export_tables(
    bench: Workbench,
    folder: Path,
    names: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    tenant: str | None = None,
) -> Iterator[ExportedTable]:
    """Tables (all without `names`) as FOLDER/<table>.parquet, as they are at one moment; times without zone are UTC.

    Rows of all tenants, or of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with snapshot(bench.store.engine) as db:
        for name in names or EVENTS:
            table, moment = EVENTS[name]
            conditions = [moment >= since.replace(tzinfo=UTC).timestamp()] if since else []
            conditions += [moment < until.replace(tzinfo=UTC).timestamp()] if until else []
            conditions += [] if tenant is None else [of_tenant(table, tenant)]
            file = folder / f"{name}.parquet"
            yield ExportedTable(file, write_table(db, table, file, *conditions))
