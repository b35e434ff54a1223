"""Counts what each tenant asked, told and spent since a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select

from components.access.tenants import DEFAULT
from components.adapters.store.engine import reading
from components.adapters.store.tables import api_keys, feedback, llm_calls, requests


@dataclass(frozen=True)
class TenantFigures:
    """Of one tenant.

    Attributes:
        users: those who asked.
        keys: that were made for it, those that open nothing any more too.
        cost_usd: paid for language models.
    """

    tenant: str
    keys: int = 0
    users: int = 0
    requests: int = 0
    events: int = 0
    degraded: int = 0
    cost_usd: float = 0.0


def figures_by_tenant(engine: Engine, since: float) -> list[TenantFigures]:
    """Of the stack's own tenant and of all that have a key or left a trace since then (seconds since 1970)."""
    asked = select(
        requests.c.tenant,
        func.count(),
        func.count(requests.c.user_id.distinct()),
        func.count().filter(requests.c.degraded.is_(True)),
    ).where(requests.c.received_at >= since)
    told = select(feedback.c.tenant, func.count()).where(feedback.c.received_at >= since)
    paid = select(llm_calls.c.tenant, func.sum(llm_calls.c.cost_usd)).where(llm_calls.c.called_at >= since)
    with reading(engine) as db:
        n_keys = _by(db.execute(select(api_keys.c.tenant, func.count()).group_by(api_keys.c.tenant)))
        of_requests = _by(db.execute(asked.group_by(requests.c.tenant)))
        events = _by(db.execute(told.group_by(feedback.c.tenant)))
        cost = _by(db.execute(paid.group_by(llm_calls.c.tenant)))
    names = {DEFAULT, *n_keys, *of_requests, *events, *cost}
    found = []
    for name in sorted(names, key=lambda each: (each != DEFAULT, each)):
        count, users, degraded = of_requests.get(name, (0.0, 0.0, 0.0))
        (made,), (told_of,), (usd,) = (each.get(name, (0.0,)) for each in (n_keys, events, cost))
        found.append(TenantFigures(name, int(made), int(users), int(count), int(told_of), int(degraded), usd))
    return found


def _by(rows: Iterable[Any]) -> dict[str, tuple[float, ...]]:
    return {row[0]: tuple(float(value) for value in row[1:]) for row in rows}
