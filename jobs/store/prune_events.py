"""Drops from the event store what is past its retention, as far as a data version has read it."""

from __future__ import annotations

from dataclasses import dataclass

from components.adapters.store.pruning import count_unread, prune
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class PrunedRows:
    """Rows deleted by table, and old feedback that stays because no data version has read it."""

    deleted: dict[str, int]
    kept_unread: int


def prune_events(bench: Workbench, now: float) -> PrunedRows:
    """Applies `retention` of params.yaml as at `now` (seconds since 1970).

    Raises:
        components.adapters.dvc.data_registry.DataRegistryError: the data registry does not say what was read.
    """
    retention = bench.params.retention
    latest = bench.data.latest()
    read_until = None if latest is None else latest.manifest.events_read_until
    bench.store.migrate()
    deleted = prune(bench.store.engine, retention, now, read_until)
    return PrunedRows(deleted, count_unread(bench.store.engine, retention, now, read_until))


def tell(pruned: PrunedRows) -> str:
    """What happened, in a line."""
    line = ", ".join(f"{n:,} {name}" for name, n in pruned.deleted.items() if n) or "nothing is past its time"
    if pruned.kept_unread:
        line += (
            f"\nkept {pruned.kept_unread:,} old feedback that no data version has read: "
            "run ingest/default with source=events"
        )
    return line
