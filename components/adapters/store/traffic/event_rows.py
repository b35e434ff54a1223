"""Reads all feedback that is stored, as a source of interactions, each with the propensity of what it answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, select, true

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import feedback
from components.adapters.store.traffic.attribution import attributed
from components.adapters.store.traffic.simulated import really_told

if TYPE_CHECKING:
    import pandas as pd


def read_feedback(engine: Engine, horizon_seconds: float, with_simulated: bool = False) -> pd.DataFrame:
    """One row per feedback, in the order of the store, which without tables has none.

    Columns: event_id, user_id, item_id, type, value, occurred_at, received_at, and the propensity of what it answers
    to, NaN for what came about without our impressions. Both are read in one snapshot. What was simulated is left out,
    unless it is asked for.
    """
    import pandas as pd

    shown = attributed(horizon_seconds)
    names = ("event_id", "user_id", "item_id", "type", "value", "occurred_at", "received_at")
    query = (
        select(*(feedback.c[name] for name in names), shown.c.propensity)
        .join(shown, shown.c.sequence == feedback.c.sequence, isouter=True)
        .where(own(feedback), true() if with_simulated else really_told())
        .order_by(feedback.c.sequence)
    )
    with reading(engine) as db:
        rows = list(db.execute(query)) if inspect(db).has_table(feedback.name) else []
    frame = pd.DataFrame([tuple(row) for row in rows], columns=[*names, "propensity"])
    numbers = ("value", "occurred_at", "received_at", "propensity")
    return frame.astype({**dict.fromkeys(names[:4], object), **dict.fromkeys(numbers, "float64")})
