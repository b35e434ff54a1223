"""How much each table holds, and by which column those that tell what happened tell when."""

from __future__ import annotations

from sqlalchemy import Column, Engine, func, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import exposures, feedback, impressions, llm_calls, metadata, requests

MOMENTS: dict[str, Column[float]] = {
    "requests": requests.c.received_at,
    "impressions": impressions.c.shown_at,
    "feedback": feedback.c.received_at,
    "exposures": exposures.c.first_at,
    "llm_calls": llm_calls.c.called_at,
}


def count_rows(engine: Engine) -> dict[str, int]:
    """Rows by table, all at one moment."""
    with reading(engine) as db:
        return {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
