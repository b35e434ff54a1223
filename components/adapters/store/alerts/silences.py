"""Keeps for how long a rule is silenced, why, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, update

from components.adapters.store.engine import reading
from components.adapters.store.tables import alert_silences

LONGEST_SECONDS = 30 * 86_400.0


@dataclass(frozen=True)
class Silence:
    """Until then nobody is told of a rule's incidents; times are seconds since 1970."""

    rule: str
    since: float
    until: float
    why: str
    by: str


class SilenceStore:
    """Silences in the event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, silence: Silence) -> None:
        """Silence a rule; of several silences the longest counts.

        Raises:
            ValueError: it ends before it begins, or later than `LONGEST_SECONDS`.
        """
        if not silence.since < silence.until <= silence.since + LONGEST_SECONDS:
            days = LONGEST_SECONDS / 86_400
            raise ValueError(f"a silence must last longer than nothing and at most {days:g} days")
        row = {"since": silence.since, "until": silence.until, "why": silence.why, "by": silence.by}
        with self._engine.begin() as db:
            db.execute(insert(alert_silences).values(rule=silence.rule, **row))

    def lift(self, rule: str, now: float) -> bool:
        """End the rule's silences now; False where there is none."""
        active = (alert_silences.c.rule == rule) & (alert_silences.c.until > now)
        with self._engine.begin() as db:
            return db.execute(update(alert_silences).where(active).values(until=now)).rowcount > 0

    def active(self, now: float) -> dict[str, Silence]:
        """By rule, the silence that ends last among those that are not over."""
        query = select(alert_silences).where(alert_silences.c.until > now).order_by(alert_silences.c.until)
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        return {row.rule: Silence(row.rule, row.since, row.until, row.why, row.by) for row in rows}
