"""The experiments in the event store: declared once, started and ended by promotions, never changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, select, update

from components.adapters.store.engine import reading
from components.adapters.store.experiments.allocated import over_time_of
from components.adapters.store.tables import experiments
from components.experiments.allocation import AllocatedShares
from components.experiments.declaration import Declaration

State = Literal["declared", "running", "ended"]


class ExperimentError(Exception):
    """An experiment cannot be declared, started or found; the message says what to do."""


@dataclass(frozen=True)
class PlannedSize:
    """What the fixed test waits for, as planned when the experiment was started."""

    users_per_variant: int
    days: int


@dataclass(frozen=True)
class StoredExperiment:
    """One row; times are seconds since 1970. `allocated`: shares that readings have set, oldest first."""

    declaration: Declaration
    planned: PlannedSize
    state: State
    created_at: float
    started_at: float | None
    ended_at: float | None
    by: str
    allocated: tuple[AllocatedShares, ...] = ()

    @property
    def name(self) -> str:
        """Its id."""
        return self.declaration.name


class SqlExperiments:
    """The table `experiments`; `now` gives seconds since 1970."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    def all(self) -> tuple[StoredExperiment, ...]:
        """Every experiment, oldest first."""
        with reading(self._engine) as db:
            return tuple(_of(row) for row in db.execute(select(experiments).order_by(experiments.c.created_at)))

    def find(self, name: str) -> StoredExperiment | None:
        """The experiment of this name."""
        with reading(self._engine) as db:
            row = db.execute(select(experiments).where(experiments.c.experiment_id == name)).one_or_none()
        return None if row is None else _of(row)

    def declare(self, declaration: Declaration, planned: PlannedSize, by: str) -> StoredExperiment:
        """Store it; the same declaration again is harmless, and keeps the plan it was first stored with.

        Raises:
            ExperimentError: there is another experiment of this name, or this one has ended.
        """
        found = self.find(declaration.name)
        if found is not None:
            if found.declaration != declaration:
                raise ExperimentError(
                    f"there is another experiment {declaration.name}; a running one is never changed, as that would "
                    "move users: give the new one another name"
                )
            if found.state == "ended":
                raise ExperimentError(f"experiment {declaration.name} has ended; give a new one another name")
            return found
        values = {
            "experiment_id": declaration.name,
            "salt": declaration.assignment_salt,
            "spec": {
                "declaration": declaration.model_dump(mode="json"),
                "planned": {"users_per_variant": planned.users_per_variant, "days": planned.days},
            },
            "state": "declared",
            "created_at": self._now(),
            "by": by[:128],
        }
        with self._engine.begin() as db:
            db.execute(insert(experiments).values(**values))
        stored = self.find(declaration.name)
        assert stored is not None  # noqa: S101 - it was just written
        return stored

    def serve(self, name: str | None) -> None:
        """A release that serves this experiment, or none, has become live: it runs, and any other has ended."""
        now = self._now()
        running = experiments.c.state == "running"
        with self._engine.begin() as db:
            db.execute(
                update(experiments)
                .where(running, experiments.c.experiment_id != (name or ""))
                .values(state="ended", ended_at=now)
            )
            db.execute(
                update(experiments)
                .where(experiments.c.experiment_id == name, experiments.c.state == "declared")
                .values(state="running", started_at=now)
            )

    def allocate(self, name: str, shares: Sequence[float]) -> None:
        """From now on new users come under these shares; slots follow within seconds."""
        of_this = experiments.c.experiment_id == name
        with self._engine.begin() as db:
            spec = dict(db.execute(select(experiments.c.spec).where(of_this)).scalar_one())
            more = {"since": self._now(), "shares": list(shares)}
            db.execute(
                update(experiments)
                .where(of_this)
                .values(spec={**spec, "allocated": [*spec.get("allocated", []), more]})
            )


def _of(row: Row[Any]) -> StoredExperiment:
    spec = row.spec
    return StoredExperiment(
        declaration=Declaration.model_validate(spec["declaration"]),
        planned=PlannedSize(**spec["planned"]),
        state=row.state,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        by=row.by,
        allocated=over_time_of(spec),
    )
