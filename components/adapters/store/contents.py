"""How much each table holds, and what tells of what happened, with the column that tells when."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, Subquery, Table, func, select, union_all

from components.access.tenants import DEFAULT, SEPARATOR
from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import SHOWN, exposures, feedback, llm_calls, metadata, requests

_impressions = union_all(*(select(shown) for shown in SHOWN)).subquery("impressions")

EVENTS: dict[str, tuple[Table | Subquery, ColumnElement[float]]] = {
    "requests": (requests, requests.c.received_at),
    "impressions": (_impressions, _impressions.c.shown_at),
    "feedback": (feedback, feedback.c.received_at),
    "exposures": (exposures, exposures.c.first_at),
    "llm_calls": (llm_calls, llm_calls.c.called_at),
}


def of_tenant(table: Table | Subquery, tenant: str) -> ColumnElement[bool]:
    """The rows of one tenant, as a column says, or else the id of the user."""
    if "tenant" in table.c:
        return own(table, tenant)
    users = table.c.user_id
    return users.not_like(f"%{SEPARATOR}%") if tenant == DEFAULT else users.startswith(tenant + SEPARATOR)


def count_rows(engine: Engine) -> dict[str, int]:
    """Rows by table, all at one moment."""
    with reading(engine) as db:
        return {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
