"""Who has told the store anything."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import feedback
from components.adapters.store.traffic.simulated import really_told


def read_users(engine: Engine) -> Sequence[str]:
    """Every user with feedback, once, in no order."""
    with reading(engine) as db:
        return db.execute(select(feedback.c.user_id).where(own(feedback), really_told()).distinct()).scalars().all()
