"""Keeps which items are switched off by hand, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, delete, insert, or_, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import items_off

AT_ONCE = 500
"""Ids in one statement."""


@dataclass(frozen=True)
class SwitchedOff:
    """An item that nobody is shown; `until` is None for one that stays off until it is switched on."""

    item_id: str
    since: float
    until: float | None
    reason: str
    by: str


class SqlItemsOff:
    """The switched items of an event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def switch_off(self, items: Sequence[SwitchedOff]) -> None:
        """Switches these off, each as it says, whatever was said of it before."""
        with self._engine.begin() as db:
            for start in range(0, len(items), AT_ONCE):
                some = items[start : start + AT_ONCE]
                db.execute(delete(items_off).where(items_off.c.item_id.in_([each.item_id for each in some])))
                db.execute(insert(items_off), [asdict(each) for each in some])

    def switch_on(self, item_ids: Sequence[str]) -> int:
        """Takes it back; how many of them were off."""
        count = 0
        with self._engine.begin() as db:
            for start in range(0, len(item_ids), AT_ONCE):
                some = item_ids[start : start + AT_ONCE]
                off = db.execute(select(items_off.c.item_id).where(items_off.c.item_id.in_(some))).scalars().all()
                db.execute(delete(items_off).where(items_off.c.item_id.in_(some)))
                count += len(off)
        return count

    def at(self, now: float) -> list[SwitchedOff]:
        """Those that are off at `now`, by id."""
        off_still = or_(items_off.c.until.is_(None), items_off.c.until > now)
        with reading(self._engine) as db:
            rows = db.execute(select(items_off).where(off_still).order_by(items_off.c.item_id)).mappings()
            return [SwitchedOff(**row) for row in rows]
