"""Keeps over a restore what a backup may not undo: keys as they stand now, taken back ones too, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from components.adapters.store.tables import api_keys, audit_log

Row = Mapping[str, Any]
KEPT = (api_keys, audit_log)


@dataclass(frozen=True)
class Standing:
    """The keys and the entries of the log that a store has before it is restored."""

    keys: Sequence[Row]
    entries: Sequence[Row]


def read_standing(db: Connection) -> Standing:
    """What `stand_again` brings back."""
    keys = [dict(row) for row in db.execute(select(api_keys)).mappings()]
    return Standing(keys, [dict(row) for row in db.execute(select(audit_log).order_by(audit_log.c.entry)).mappings()])


def stand_again(db: Connection, before: Standing) -> None:
    """Puts it over what the backup brought: keys win by their id, entries that the backup lacks come behind its own."""
    for key in before.keys:
        db.execute(delete(api_keys).where(api_keys.c.key_id == key["key_id"]))
        db.execute(insert(api_keys).values(**key))
    brought = {_facts(dict(row)) for row in db.execute(select(audit_log)).mappings()}
    for entry in before.entries:
        if _facts(entry) not in brought:
            db.execute(insert(audit_log).values(**{name: entry[name] for name in entry if name != "entry"}))


def _facts(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["at"], row["by"], row["action"], repr(sorted(row["details"].items()))
