"""Reads the log of an experiment, or of all traffic for planning one, from the event store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine, Subquery, func, literal, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import exposures, feedback, requests
from components.experiments.experiment_log import ExperimentLog

BEFORE_SECONDS = 28 * 86_400.0
"""How far back from a user's exposure covariates reach."""
ALL_TRAFFIC = "all"


def read_experiment_log(engine: Engine, experiment_id: str, variants: Sequence[str], until: float) -> ExperimentLog:
    """Everything that users with an exposure were shown and did up to `until` (seconds since 1970).

    Answers of a release on trial are left out, and with them what people did about those.
    """
    entered = (
        select(exposures)
        .where(exposures.c.experiment_id == experiment_id, exposures.c.first_at <= until)
        .subquery("entered")
    )
    return _read(engine, entered, experiment_id, variants, until)


def read_traffic_log(engine: Engine, since: float, until: float) -> ExperimentLog:
    """The same of everybody who asked between the two, as if all had been in one variant since their first request."""
    entered = (
        select(
            requests.c.user_id,
            literal(ALL_TRAFFIC).label("variant"),
            func.min(requests.c.received_at).label("first_at"),
            literal("").label("release_id"),
            func.min(requests.c.n_known).label("n_known"),
        )
        .where(
            own(requests),
            requests.c.received_at >= since,
            requests.c.received_at <= until,
            requests.c.canary.is_(False),
        )
        .group_by(requests.c.user_id)
        .subquery("entered")
    )
    return _read(engine, entered, None, (ALL_TRAFFIC,), until)


def _read(
    engine: Engine, entered: Subquery, experiment_id: str | None, variants: Sequence[str], until: float
) -> ExperimentLog:
    asked = (
        select(
            requests.c.request_id,
            requests.c.user_id,
            requests.c.received_at,
            requests.c["items"],
            requests.c.timings_ms,
            requests.c.cost_usd,
            requests.c.degraded,
            requests.c.fallback_reason,
            requests.c.experiments,
        )
        .join(entered, requests.c.user_id == entered.c.user_id)
        .where(
            requests.c.received_at >= entered.c.first_at - BEFORE_SECONDS,
            requests.c.received_at <= until,
            requests.c.canary.is_(False),
        )
        .order_by(requests.c.received_at, requests.c.request_id)
    )
    did = (
        select(
            feedback.c.request_id,
            feedback.c.user_id,
            feedback.c.item_id,
            feedback.c.type,
            feedback.c.value,
            feedback.c.occurred_at,
        )
        .join(entered, feedback.c.user_id == entered.c.user_id)
        .where(feedback.c.occurred_at >= entered.c.first_at - BEFORE_SECONDS, feedback.c.occurred_at <= until)
        .order_by(feedback.c.sequence)
    )
    with reading(engine) as db:
        people = db.execute(select(entered).order_by(entered.c.user_id)).all()
        asked_rows = db.execute(asked).all()
        events = db.execute(did).all()
    return _assemble(people, asked_rows, events, experiment_id, variants)


def _assemble(
    people: Sequence[Any],
    asked: Sequence[Any],
    events: Sequence[Any],
    experiment_id: str | None,
    variants: Sequence[str],
) -> ExperimentLog:
    user_row = {person.user_id: row for row, person in enumerate(people)}
    request_row = {request.request_id: row for row, request in enumerate(asked)}
    variant_row = {variant: row for row, variant in enumerate(variants)}
    variant = np.array([variant_row[person.variant] for person in people], dtype=np.int64)
    first_at = np.array([person.first_at for person in people], dtype=np.float64)
    request_user = np.array([user_row[request.user_id] for request in asked], dtype=np.int64)
    request_at = np.array([request.received_at for request in asked], dtype=np.float64)
    answered_by = [_variant_of(request.experiments, experiment_id, variant_row) for request in asked]
    own = np.array(answered_by, dtype=np.int64) == variant[request_user]
    after = request_at >= first_at[request_user]
    switched = {
        int(user) for user, by, same in zip(request_user, answered_by, own, strict=True) if by >= 0 and not same
    }
    # What a request that is not here led to is left out with it: a canary answered it, or it is too old.
    kept = [event for event in events if event.request_id is None or event.request_id in request_row]
    event_request = [-1 if event.request_id is None else request_row[event.request_id] for event in kept]
    return ExperimentLog(
        variants=tuple(variants),
        variant=variant,
        first_at=first_at,
        release=np.array([person.release_id for person in people], dtype=np.str_),
        n_known=np.array([person.n_known or 0 for person in people], dtype=np.int64),
        request_user=request_user,
        request_at=request_at,
        latency_ms=np.array([request.timings_ms.get("total", 0.0) for request in asked], dtype=np.float64),
        cost_usd=np.array([request.cost_usd for request in asked], dtype=np.float64),
        failed=np.array([request.degraded or request.fallback_reason is not None for request in asked], dtype=np.bool_),
        shown=np.array([len(request.items) for request in asked], dtype=np.int64),
        inside=own & after,
        event_user=np.array([user_row[event.user_id] for event in kept], dtype=np.int64),
        event_at=np.array([event.occurred_at for event in kept], dtype=np.float64),
        event_value=np.array([np.nan if event.value is None else event.value for event in kept], dtype=np.float64),
        event_type=np.array([event.type for event in kept], dtype=np.str_),
        event_request=np.array(event_request, dtype=np.int64),
        event_position=np.array(
            [
                _position(asked[row].items, event.item_id) if row >= 0 else -1
                for event, row in zip(kept, event_request, strict=True)
            ],
            dtype=np.int64,
        ),
        switched=len(switched),
    )


def _variant_of(taken_part: Mapping[str, str] | None, experiment_id: str | None, rows: Mapping[str, int]) -> int:
    """Row of the variant that answered, -1 where the request was no part of the experiment."""
    if experiment_id is None:
        return 0
    return rows.get((taken_part or {}).get(experiment_id, ""), -1)


def _position(items: Sequence[str], item_id: str) -> int:
    return items.index(item_id) if item_id in items else -1
