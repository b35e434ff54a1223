"""Keeps what operators did: when, who, what. Nothing deletes from it, and a restore adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import audit_log

MAX_BY, MAX_ACTION = 128, 64


class SqlAuditLog:
    """The log in an event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, at: float, by: str, action: str, details: Mapping[str, Any]) -> None:
        """Adds an entry of the moment `at`."""
        with self._engine.begin() as db:
            note(db, at, by, action, details)

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """The last `limit` entries, the oldest of them first."""
        wanted = select(audit_log).order_by(audit_log.c.entry.desc()).limit(limit)
        with reading(self._engine) as db:
            return [dict(row) for row in db.execute(wanted).mappings()][::-1]


def note(db: Connection, at: float, by: str, action: str, details: Mapping[str, Any]) -> None:
    """Adds an entry within a transaction."""
    values = {"at": at, "by": by[:MAX_BY], "action": action[:MAX_ACTION], "details": dict(details)}
    db.execute(insert(audit_log).values(**values))
