"""Counts what the event store holds."""

from __future__ import annotations

from components.adapters.store.contents import count_rows
from jobs.wiring.workbench import Workbench


def count_store(bench: Workbench) -> dict[str, int]:
    """Rows by table."""
    return count_rows(bench.store.engine)
