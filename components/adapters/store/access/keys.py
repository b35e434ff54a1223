"""Keeps keys, and notes in the log of operators what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Engine, func, insert, select, update

from components.access.api_keys import ApiKey
from components.adapters.store.access.audit_log import note
from components.adapters.store.engine import reading
from components.adapters.store.tables import api_keys


class SqlKeys:
    """The keys in an event store; each change and its entry of the log are one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first, those that open nothing any more too."""
        with reading(self._engine) as db:
            rows = db.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)).mappings()
            return [ApiKey(**row) for row in rows]

    def add(self, key: ApiKey, by: str) -> None:
        """Keeps a new key."""
        with self._engine.begin() as db:
            db.execute(insert(api_keys).values(**asdict(key)))
            note(
                db,
                key.created_at,
                by,
                "key made",
                {"key_id": key.key_id, "name": key.name, "role": key.role, "tenant": key.tenant},
            )

    def expire(self, key_id: str, at: float, now: float, by: str) -> None:
        """Lets a key end at `at`, unless it ends earlier."""
        earlier = func.coalesce(api_keys.c.expires_at, at) < at
        with self._engine.begin() as db:
            db.execute(update(api_keys).where(api_keys.c.key_id == key_id, ~earlier).values(expires_at=at))
            note(db, now, by, "key rotated", {"key_id": key_id, "ends_at": at})

    def revoke(self, key_id: str, now: float, by: str) -> bool:
        """Takes a key back; whether there was such a key that had not been."""
        open_still = (api_keys.c.key_id == key_id) & api_keys.c.revoked_at.is_(None)
        with self._engine.begin() as db:
            changed = db.execute(update(api_keys).where(open_still).values(revoked_at=now)).rowcount == 1
            if changed:
                note(db, now, by, "key revoked", {"key_id": key_id})
        return changed

    def used(self, moments: Mapping[str, float]) -> None:
        """Notes when keys were used last."""
        with self._engine.begin() as db:
            for key_id, moment in moments.items():
                db.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(last_used_at=moment))
