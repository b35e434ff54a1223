"""Keeps what the requests of an hour sum up to, so that a window is never summed twice."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Engine, delete, func, insert, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import hourly_rollups
from components.quality.log import Group
from components.quality.roll_up import Cell
from components.quality.sums import Sums, from_json, to_json

HOUR = 3600.0
_ON_TRIAL = "/canary"
"""Behind the slot's name, for answers of a release on trial."""


class Rollups:
    """The table of hourly sums, those of each horizon apart: what is kept with one says nothing of another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest_hour(self, horizon: float) -> float | None:
        """The first second of the newest hour that is kept with this horizon (seconds); None when there is none."""
        query = select(func.max(hourly_rollups.c.hour)).where(hourly_rollups.c.horizon_seconds == horizon)
        with reading(self._engine) as connection:
            newest = connection.execute(query).scalar_one()
        return None if newest is None else float(newest)

    def newest_horizon(self) -> float | None:
        """The horizon (seconds) of the newest hour that is kept with any; None when there is none."""
        query = select(hourly_rollups.c.horizon_seconds).order_by(
            hourly_rollups.c.hour.desc(), hourly_rollups.c.horizon_seconds.desc()
        )
        with reading(self._engine) as connection:
            found = connection.execute(query.limit(1)).scalar_one_or_none()
        return None if found is None else float(found)

    def mark(self, start: float, end: float, horizon: float) -> tuple[int, float] | None:
        """What changes when these hours are kept anew: how many rows there are, and when the first was computed; None
        for no row."""
        within = _within(start, end, horizon)
        first = select(hourly_rollups.c.computed_at).where(within).order_by(hourly_rollups.c.hour).limit(1)
        count = select(func.count()).where(within)
        with reading(self._engine) as connection:
            computed_at = connection.execute(first).scalar_one_or_none()
            return None if computed_at is None else (int(connection.execute(count).scalar_one()), float(computed_at))

    def read(self, start: float, end: float, horizon: float) -> dict[Cell, Sums]:
        """The hours from `start` until before `end`."""
        query = select(hourly_rollups).where(_within(start, end, horizon))
        with reading(self._engine) as connection:
            return {
                (float(row.hour), _group_of(row.release_id, row.slot, row.variant, row.route, row.segment)): from_json(
                    row.metrics
                )
                for row in connection.execute(query)
            }

    def replace(self, start: float, end: float, horizon: float, cells: Mapping[Cell, Sums], now: float) -> None:
        """Keep these hours in place of what was kept from `start` until before `end`, in one transaction."""
        rows = [
            {
                "hour": hour,
                "horizon_seconds": horizon,
                "release_id": group.release_id,
                "slot": group.slot + (_ON_TRIAL if group.canary else ""),
                "variant": group.variant,
                "route": group.route,
                "segment": group.segment,
                "metrics": to_json(sums),
                "computed_at": now,
            }
            for (hour, group), sums in cells.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(delete(hourly_rollups).where(_within(start, end, horizon)))
            if rows:
                connection.execute(insert(hourly_rollups), rows)


def _within(start: float, end: float, horizon: float) -> ColumnElement[bool]:
    hour, made_with = hourly_rollups.c.hour, hourly_rollups.c.horizon_seconds
    return (hour >= start) & (hour < end) & (made_with == horizon)


def _group_of(release_id: str, slot: str, variant: str, route: str, segment: str) -> Group:
    on_trial = slot.endswith(_ON_TRIAL)
    return Group(release_id, slot.removesuffix(_ON_TRIAL), variant, route, segment, on_trial)
