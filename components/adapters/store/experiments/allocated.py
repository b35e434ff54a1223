"""Reads what a slot follows of an adaptive experiment: the shares of new users, and whom other slots have seen."""

from __future__ import annotations

from sqlalchemy import Engine, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import experiments, exposures
from components.experiments.allocation import AllocatedShares

OVERLAP_SECONDS = 60.0
"""Rows may be written so much later than their moment; those seen already are read again."""


class SqlAllocated:
    """One experiment in the event store."""

    def __init__(self, engine: Engine, experiment_id: str) -> None:
        self._engine = engine
        self._experiment_id = experiment_id
        self._read_to = float("-inf")

    def shares(self) -> tuple[float, ...] | None:
        """Those of new users now; None where no reading has changed them."""
        query = select(experiments.c.spec).where(experiments.c.experiment_id == self._experiment_id)
        with reading(self._engine) as db:
            spec = db.execute(query).scalar_one_or_none()
        over_time = over_time_of(spec or {})
        return over_time[-1].shares if over_time else None

    def newly_exposed(self) -> dict[str, str]:
        """The variant of each user since the last call, about; of all users at first."""
        query = select(exposures.c.user_id, exposures.c.variant, exposures.c.first_at).where(
            exposures.c.experiment_id == self._experiment_id, exposures.c.first_at > self._read_to - OVERLAP_SECONDS
        )
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        self._read_to = max([self._read_to, *(row.first_at for row in rows)])
        return {row.user_id: row.variant for row in rows}


def over_time_of(spec: dict[str, object]) -> tuple[AllocatedShares, ...]:
    """The shares that readings have set, oldest first, from a row of `experiments`."""
    found = spec.get("allocated", [])
    assert isinstance(found, list)  # noqa: S101 - as `SqlExperiments.allocate` writes it
    return tuple(AllocatedShares(each["since"], tuple(each["shares"])) for each in found)
