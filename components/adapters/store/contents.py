"""How much each table holds, and what tells of what happened, with the column that tells when."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, Subquery, Table, func, select, union_all

from components.adapters.store.engine import reading
from components.adapters.store.tables import SHOWN, exposures, feedback, llm_calls, metadata, requests

_impressions = union_all(*(select(shown) for shown in SHOWN)).subquery("impressions")

EVENTS: dict[str, tuple[Table | Subquery, ColumnElement[float]]] = {
    "requests": (requests, requests.c.received_at),
    "impressions": (_impressions, _impressions.c.shown_at),
    "feedback": (feedback, feedback.c.received_at),
    "exposures": (exposures, exposures.c.first_at),
    "llm_calls": (llm_calls, llm_calls.c.called_at),
}


def count_rows(engine: Engine) -> dict[str, int]:
    """Rows by table, all at one moment."""
    with reading(engine) as db:
        return {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
