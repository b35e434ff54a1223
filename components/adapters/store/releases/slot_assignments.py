"""Reads which release the event store gives to a slot, for the process that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from components.access.bundle_seal import BundleSeal
from components.adapters.store.access.seals import SqlSeals
from components.adapters.store.engine import open_engine, reading
from components.adapters.store.tables import releases, slots
from components.rollout.routing import Slot


@dataclass(frozen=True)
class SlotAssignment:
    """What the store says of a slot; None where it holds no release."""

    release_id: str | None
    should_run: bool
    bento_tag: str | None
    bento_md5: str | None
    bento_seal: BundleSeal | None


class SlotAssignments:
    """Asks the store at `url`, and waits at most so many seconds for it."""

    def __init__(self, url: str, seconds: float) -> None:
        self._engine = open_engine(url, seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def of(self, slot: Slot) -> SlotAssignment | None:
        """What the slot should run, None where the store does not know the slot.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store does not answer.
        """
        statement = (
            select(slots.c.release_id, slots.c.should_run, releases.c.bento_tag, releases.c.summary)
            .select_from(slots.outerjoin(releases, releases.c.release_id == slots.c.release_id))
            .where(slots.c.slot == slot)
        )
        with reading(self._engine) as db:
            row = db.execute(statement).one_or_none()
        if row is None:
            return None
        md5 = (row.summary or {}).get("bento_md5")
        seal = None if md5 is None else SqlSeals(self._engine).find(md5)
        return SlotAssignment(row.release_id, bool(row.should_run), row.bento_tag, md5, seal)
