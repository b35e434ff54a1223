"""Reads from the event store what an interleaved experiment showed, and what of it people clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine, select

from components.adapters.store.engine import reading
from components.adapters.store.tables import exposures, feedback, requests
from components.experiments.interleaved_log import InterleavedLog
from components.experiments.placement import Placement, read_placement


def read_interleaved_log(engine: Engine, experiment_id: str, variants: tuple[str, str], until: float) -> InterleavedLog:
    """Every drafted list up to `until` (seconds since 1970), and the clicks that name it, however late they came.

    Answers of a release on trial are left out, and so are lists of others than these two variants.
    """
    entered = (
        select(exposures.c.user_id, exposures.c.first_at, exposures.c.release_id, exposures.c.n_known)
        .where(exposures.c.experiment_id == experiment_id, exposures.c.first_at <= until)
        .order_by(exposures.c.user_id)
    )
    people = entered.subquery("people")
    asked = (
        select(requests.c.request_id, requests.c.user_id, requests.c["items"], requests.c.experiments)
        .join(people, requests.c.user_id == people.c.user_id)
        .where(
            requests.c.received_at >= people.c.first_at,
            requests.c.received_at <= until,
            requests.c.canary.is_(False),
            requests.c.experiments.is_not(None),
        )
        .order_by(requests.c.received_at, requests.c.request_id)
    )
    clicked = (
        select(feedback.c.request_id, feedback.c.user_id, feedback.c.item_id)
        .join(people, feedback.c.user_id == people.c.user_id)
        .where(feedback.c.type == "click", feedback.c.request_id.is_not(None), feedback.c.occurred_at <= until)
        .distinct()
    )
    with reading(engine) as db:
        users = db.execute(entered).all()
        lists = [row for row in db.execute(asked) if isinstance((row.experiments or {}).get(experiment_id), dict)]
        clicks = db.execute(clicked).all()
    return _assemble(users, lists, clicks, experiment_id, variants)


def _assemble(
    users: Sequence[Any], lists: Iterable[Any], clicked: Iterable[Any], experiment_id: str, variants: tuple[str, str]
) -> InterleavedLog:
    user_row = {user.user_id: row for row, user in enumerate(users)}
    found = [(row, read_placement(row.experiments[experiment_id])) for row in lists]
    kept = [(row, placement) for row, placement in found if set(placement.variants) == set(variants)]
    # By name, as two that were swapped come in the other order.
    teams = [[placement.variants.index(name) for name in variants] for _, placement in kept]
    clicks = np.zeros((len(kept), 3), np.int64)
    place_of = {row.request_id: (at, row, placement) for at, (row, placement) in enumerate(kept)}
    for click in clicked:
        if click.request_id not in place_of:
            continue
        at, row, placement = place_of[click.request_id]
        if click.user_id == row.user_id and click.item_id in row.items:
            team = placement.placed_by[row.items.index(click.item_id)]
            clicks[at, 2 if team < 0 else teams[at].index(team)] += 1

    def of_each(name: str) -> Any:
        values = [getattr(placement, name) for _, placement in kept]
        pairs = [[pair[team] for team in order] for pair, order in zip(values, teams, strict=True)]
        return np.array(pairs, np.float64).reshape(-1, 2)

    return InterleavedLog(
        variants,
        np.array([user.first_at for user in users], np.float64),
        np.array([user.release_id for user in users], np.str_),
        np.array([user.n_known or 0 for user in users], np.int64),
        np.array([user_row[row.user_id] for row, _ in kept], np.int64),
        np.array([_began(placement, order) for (_, placement), order in zip(kept, teams, strict=True)], np.int64),
        clicks,
        of_each("latency_ms"),
        of_each("cost_usd"),
        of_each("failed"),
    )


def _began(placement: Placement, order: Sequence[int]) -> int:
    """Which variant placed the first item on which they differ; -1 where there is none."""
    return next((order.index(team) for team in placement.placed_by if team >= 0), -1)
