"""Keeps who was first shown which variant, from the rows of requests that are written anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, func, select

from components.adapters.store.engine import reading
from components.adapters.store.fast_inserts import insert_ignoring
from components.adapters.store.tables import exposures
from components.experiments.placement import INTERLEAVED

MAX_REMEMBERED = 100_000
"""Exposures that a process does not write again; past it, it forgets them all, and the key keeps the first one."""


class ExposureLog:
    """Writes the exposures among request rows, in the transaction that writes those."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def write(self, connection: Connection, requests: Sequence[Any]) -> None:
        """Store the first exposure of each user in `requests` (rows of the table, oldest first) to each experiment.

        Answers of a release on trial are no exposures: who got one is chosen otherwise than by the experiment.
        """
        new: dict[tuple[str, str], dict[str, Any]] = {}
        for key, row in _exposures_in(requests):
            if key not in self._known:
                new.setdefault(key, row)
        if not new:
            return
        statement = insert_ignoring(connection.dialect.name, exposures, ["experiment_id", "user_id"])
        connection.execute(statement, list(new.values()))
        if len(self._known) + len(new) > MAX_REMEMBERED:
            self._known.clear()
        self._known.update(new)


def _exposures_in(requests: Sequence[Any]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for request in requests:
        if not request["experiments"] or request["canary"]:
            continue
        for experiment_id, variant in orjson.loads(request["experiments"]).items():
            yield (
                (experiment_id, request["user_id"]),
                {
                    "experiment_id": experiment_id,
                    "user_id": request["user_id"],
                    "variant": variant if isinstance(variant, str) else INTERLEAVED,
                    "first_at": request["received_at"],
                    "release_id": request["release_id"],
                    "request_id": request["request_id"],
                    "n_known": request["n_known"],
                },
            )


def count_exposed(engine: Engine, experiment_id: str) -> dict[str, int]:
    """Users by variant."""
    query = (
        select(exposures.c.variant, func.count())
        .where(exposures.c.experiment_id == experiment_id)
        .group_by(exposures.c.variant)
        .order_by(exposures.c.variant)
    )
    with reading(engine) as db:
        return {variant: int(users) for variant, users in db.execute(query)}
