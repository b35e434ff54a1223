"""Reads which data version was live when."""

from __future__ import annotations

from sqlalchemy import Engine, inspect, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import release_states, releases
from components.rollout.states import State


def read_live_data(engine: Engine) -> list[tuple[float, str | None]]:
    """Since when (seconds since 1970) a release of which data version was live, oldest first; empty without
    releases."""
    query = (
        select(release_states.c.at, releases.c.summary)
        .join(releases, releases.c.release_id == release_states.c.release_id)
        .where(release_states.c.state == State.LIVE)
        .order_by(release_states.c.at, release_states.c.id)
    )
    with reading(engine) as db:
        rows = list(db.execute(query)) if inspect(db).has_table(releases.name) else []
    return [(row.at, row.summary.get("data_version")) for row in rows]
