"""Keeps conversations between their messages, so that any slot can go on with one that another began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert, select, update

from components.adapters.store.engine import reading
from components.adapters.store.tables import conversations


@dataclass(frozen=True)
class KeptConversation:
    """A conversation as it is kept; `turn` is how many messages it had, 0 for one that is not kept yet.

    Attributes:
        key_id: of the key that began it; None where keys were off.
        expires_at: seconds since 1970.
    """

    conversation_id: str
    key_id: str | None
    user_id: str | None
    turn: int
    state: Mapping[str, Any]
    started_at: float
    expires_at: float


class SqlConversations:
    """The conversations of an event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, conversation_id: str, now: float) -> KeptConversation | None:
        """The conversation, unless there is none or it has expired."""
        wanted = select(conversations).where(
            conversations.c.conversation_id == conversation_id, conversations.c.expires_at > now
        )
        with reading(self._engine) as db:
            row = db.execute(wanted).mappings().first()
        return None if row is None else KeptConversation(**row)

    def save(self, before: KeptConversation, state: Mapping[str, Any], expires_at: float) -> bool:
        """Keeps `state` after one more message; False where another came first, or the conversation is gone."""
        with self._engine.begin() as db:
            if before.turn == 0:
                row = {
                    "conversation_id": before.conversation_id,
                    "key_id": before.key_id,
                    "user_id": before.user_id,
                    "turn": 1,
                    "state": dict(state),
                    "started_at": before.started_at,
                    "expires_at": expires_at,
                }
                db.execute(insert(conversations).values(row))
                return True
            same = (conversations.c.conversation_id == before.conversation_id) & (conversations.c.turn == before.turn)
            new = {"turn": before.turn + 1, "state": dict(state), "expires_at": expires_at}
            return db.execute(update(conversations).where(same).values(new)).rowcount == 1

    def close(self) -> None:
        """Lets go of the store."""
        self._engine.dispose()
