"""Reads from the event store what monitoring asks beside the sums: feedback, calls, costs, releases, samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Engine, Text, and_, case, cast, func, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import feedback, llm_calls, release_states, releases, requests

SLICES = 20
"""A sample is taken from the beginning of each slice of its window, so that it spans the window."""


@dataclass(frozen=True)
class SampledRequest:
    """What reports of drift need of a request; `score` is that of the best candidate."""

    user_id: str
    items: tuple[str, ...]
    score: float | None
    n_known: int | None
    route: str


@dataclass(frozen=True)
class LlmUse:
    """Calls in a window, those of them that failed, and dollars spent in it."""

    calls: int
    failed: int
    cost_usd: float


@dataclass(frozen=True)
class WentLive:
    """A release became live; `before` is the one that was live until then, None for the first."""

    release_id: str
    at: float
    before: str | None


class MonitorFacts:
    """Questions to the event store; times are seconds since 1970, ends are not part of a window."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def feedback_events(self, start: float, end: float) -> int:
        """How many events came in."""
        query = select(func.count()).where(own(feedback), feedback.c.received_at >= start, feedback.c.received_at < end)
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def feedback_items(self, start: float, end: float, limit: int) -> list[str]:
        """Items of the first events that came in."""
        query = select(feedback.c.item_id).where(
            own(feedback), feedback.c.received_at >= start, feedback.c.received_at < end
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query.limit(limit)).scalars())

    def llm_use(self, start: float, end: float, failures: Sequence[str]) -> LlmUse:
        """Calls of language models; `failures` are the outcomes that count as failed."""
        query = select(
            func.count(),
            func.coalesce(func.sum(case((llm_calls.c.outcome.in_(failures), 1), else_=0)), 0),
            func.coalesce(func.sum(llm_calls.c.cost_usd), 0.0),
        ).where(own(llm_calls), llm_calls.c.called_at >= start, llm_calls.c.called_at < end)
        with reading(self._engine) as connection:
            calls, failed, cost = connection.execute(query).one()
        return LlmUse(int(calls), int(failed), float(cost))

    def returning(self, start: float, middle: float, end: float) -> float:
        """Retention: share of the users from `start` to `middle` who asked again until `end`; NaN of none."""
        asked = requests.c.received_at
        first = select(requests.c.user_id).where(own(requests), asked >= start, asked < middle).distinct().subquery()
        again = select(requests.c.user_id).where(own(requests), asked >= middle, asked < end)
        query = select(func.count(), func.coalesce(func.sum(case((first.c.user_id.in_(again), 1), else_=0)), 0))
        with reading(self._engine) as connection:
            users, back = connection.execute(query.select_from(first)).one()
        return float(back) / users if users else float("nan")

    def went_live(self) -> list[WentLive]:
        """Each time a release became live, oldest first."""
        query = select(release_states).where(release_states.c.state == "live").order_by(release_states.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        before: list[str | None] = [None, *(row.release_id for row in rows)]
        return [WentLive(row.release_id, float(row.at), former) for row, former in zip(rows, before[:-1], strict=True)]

    def rejected_models(self) -> dict[int, str]:
        """The models of releases that were rejected, each with the release."""
        query = select(releases.c.release_id, releases.c.variants).where(releases.c.state == "rejected")
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return {int(variant["model_version"]): row.release_id for row in rows for variant in row.variants}

    def created_at(self, release_id: str) -> float | None:
        """When the release was built."""
        query = select(releases.c.created_at).where(releases.c.release_id == release_id)
        with reading(self._engine) as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else float(found)

    def sample(self, start: float, end: float, limit: int) -> list[SampledRequest]:
        """About `limit` requests that span the window; all of them where there are fewer."""
        query = select(
            requests.c.user_id,
            cast(requests.c["items"], Text),
            requests.c.scores[0].as_float(),
            requests.c.n_known,
            requests.c.route,
        )
        found: list[Any] = []
        length = (end - start) / SLICES
        with reading(self._engine) as connection:
            for place in range(SLICES):
                first = start + place * length
                within = and_(own(requests), requests.c.received_at >= first, requests.c.received_at < first + length)
                found += connection.execute(query.where(within).limit(max(limit // SLICES, 1))).all()
        return [SampledRequest(row[0], tuple(orjson.loads(row[1])), row[2], row[3], row[4]) for row in found]
