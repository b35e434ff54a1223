"""Reads the history of releases and rollouts, as plain values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, or_, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import release_states, rollouts, slots
from components.adapters.store.tables import releases as releases_table
from components.rollout.ledger import UnknownRelease
from components.rollout.retention import KeptRelease
from components.rollout.states import State

History = dict[str, list[dict[str, Any]]]


def read_history(engine: Engine) -> History:
    """All releases and all rollouts, oldest first."""
    with reading(engine) as db:
        return {
            "releases": [dict(row._mapping) for row in db.execute(select(releases_table).order_by("created_at"))],
            "rollouts": [dict(row._mapping) for row in db.execute(select(rollouts).order_by("rollout_id"))],
        }


def read_newest(engine: Engine, limit: int) -> History:
    """The newest releases and rollouts, the newest first."""
    built = select(releases_table).order_by(releases_table.c.created_at.desc(), releases_table.c.release_id.desc())
    with reading(engine) as db:
        return {
            "releases": [dict(row._mapping) for row in db.execute(built.limit(limit))],
            "rollouts": [
                dict(row._mapping)
                for row in db.execute(select(rollouts).order_by(rollouts.c.rollout_id.desc()).limit(limit))
            ],
        }


def read_last_rollout(engine: Engine) -> dict[str, Any] | None:
    """The newest promotion or way back; None before the first."""
    with reading(engine) as db:
        row = db.execute(select(rollouts).order_by(rollouts.c.rollout_id.desc()).limit(1)).one_or_none()
    return None if row is None else dict(row._mapping)


def read_release(engine: Engine, release_id: str) -> dict[str, Any]:
    """One release with its states and the rollouts that it was part of, oldest first.

    Raises:
        UnknownRelease: there is none of this id.
    """
    about = or_(rollouts.c.release_id == release_id, rollouts.c.from_release_id == release_id)
    with reading(engine) as db:
        row = db.execute(select(releases_table).where(releases_table.c.release_id == release_id)).one_or_none()
        if row is None:
            raise UnknownRelease(release_id)
        states = select(release_states).where(release_states.c.release_id == release_id).order_by("id")
        return {
            **row._mapping,
            "states": [dict(each._mapping) for each in db.execute(states)],
            "rollouts": [
                dict(each._mapping) for each in db.execute(select(rollouts).where(about).order_by("rollout_id"))
            ],
        }


def read_kept(engine: Engine) -> tuple[list[KeptRelease], set[str]]:
    """All releases as retention sees them, oldest first, and those that stand in a slot."""
    with reading(engine) as db:
        lived = set(
            db.execute(select(release_states.c.release_id).where(release_states.c.state == State.LIVE)).scalars()
        )
        in_slots = set(db.execute(select(slots.c.release_id).where(slots.c.release_id.is_not(None))).scalars())
        rows = db.execute(select(releases_table).order_by("created_at")).all()
    kept = [
        KeptRelease(
            row.release_id,
            State(row.state),
            row.release_id in lived,
            frozenset(variant["model_version"] for variant in row.variants),
        )
        for row in rows
    ]
    return kept, in_slots
