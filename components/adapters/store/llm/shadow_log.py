"""Reads from the event store what an evaluation of prompts replays, and what the users did afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Engine, Select, func, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import SHOWN, feedback, requests
from components.serving.recent_history import LIKED_WITHOUT_VALUE
from components.shadow.ground_truth import ShownList
from components.shadow.records import Interaction, LoggedRequest


@dataclass(frozen=True)
class LoggedRow:
    """A request that a language model was asked about, with what a replay needs beside it.

    Attributes:
        body: the request as JSON, without `user_id` and `k`.
        llm: what the service logged of the model: tier, outcome, tokens.
        llm_ms: how long the model took.
    """

    request: LoggedRequest
    k: int
    body: str
    release_id: str
    model_version: int | None
    prompt_version: str | None
    llm: dict[str, Any]
    llm_ms: float
    cost_usd: float


def read_eligible(engine: Engine, since: float, until: float, limit: int | None = None) -> list[LoggedRow]:
    """Requests between two moments (seconds since 1970) about which the policy asked a model, oldest first.

    Cached answers, and those of a release on trial, are left out.
    """
    query = _eligible().where(requests.c.received_at > since, requests.c.received_at <= until)
    with reading(engine) as db:
        return [_row(row) for row in db.execute(query.limit(limit))]


def read_requests(engine: Engine, request_ids: Collection[str]) -> list[LoggedRow]:
    """Those of these ids that a model was asked about, oldest first."""
    with reading(engine) as db:
        found = [
            _row(row)
            for part in _parts(sorted(request_ids))
            for row in db.execute(_eligible().where(requests.c.request_id.in_(part)))
        ]
    return sorted(found, key=lambda row: (row.request.received_at, row.request.request_id))


def read_likes(engine: Engine, users: Collection[str], since: float, threshold: float) -> list[Interaction]:
    """Clicks, purchases and ratings from `threshold` up of these users since a moment."""
    query = select(feedback).where(feedback.c.occurred_at > since)
    with reading(engine) as db:
        rows = [row for part in _parts(sorted(users)) for row in db.execute(query.where(feedback.c.user_id.in_(part)))]
    return [
        Interaction(row.user_id, row.item_id, row.occurred_at, row.request_id)
        for row in rows
        if row.type in LIKED_WITHOUT_VALUE or (row.type == "rating" and (row.value or 0.0) >= threshold)
    ]


def read_shown(engine: Engine, users: Collection[str], since: float) -> list[ShownList]:
    """Every list that these users saw since a moment."""
    query = select(requests.c.user_id, requests.c.received_at, requests.c["items"]).where(
        requests.c.received_at > since
    )
    with reading(engine) as db:
        rows = [row for part in _parts(sorted(users)) for row in db.execute(query.where(requests.c.user_id.in_(part)))]
    return [ShownList(row[0], row[1], frozenset(row[2])) for row in rows]


def _eligible() -> Select[Any]:
    return (
        select(requests, _explored("item_id").label("explored_item"), _explored("propensity").label("propensity"))
        .where(own(requests), requests.c.llm.is_not(None), requests.c.cached.is_(False), requests.c.canary.is_(False))
        .order_by(requests.c.received_at, requests.c.request_id)
    )


def _explored(name: str) -> ColumnElement[Any]:
    """A column of the impression at the open position; none where no position was open."""
    found = (
        select(shown.c[name])
        .where(shown.c.request_id == requests.c.request_id, shown.c.position == requests.c.explored_position)
        .correlate(requests)
        .scalar_subquery()
        for shown in SHOWN
    )
    return func.coalesce(*found)


def _row(row: Any) -> LoggedRow:
    fields = row._mapping
    request = LoggedRequest(
        request_id=row.request_id,
        user_id=row.user_id,
        received_at=row.received_at,
        candidates=tuple(row.candidates),
        scores=tuple(row.scores),
        shown=tuple(fields["items"]),
        context=row.context,
        n_known=row.n_known,
        explored_item=row.explored_item,
        propensity=row.propensity,
    )
    return LoggedRow(
        request,
        row.k,
        orjson.dumps(row.context).decode(),
        row.release_id,
        row.model_version,
        row.prompt_version,
        row.llm,
        float(row.timings_ms.get("llm", 0.0)),
        row.cost_usd,
    )


def _parts(values: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
