"""What releases have answered lately, as a canary is judged by: from the logged requests and what was clicked."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from sqlalchemy import Engine, String, Text, cast, func, select
from sqlalchemy.exc import DBAPIError

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import feedback, requests
from components.rollout.canary_judge import Arm
from components.rollout.ports import Counts, EmptyAnswer, StepFailed

MAX_ANSWERS = 200_000
"""The latest ones count: a step with more traffic than that is judged by a part of it."""
CLICKS = ("click", "purchase")


class SqlTraffic:
    """`components.rollout.ports.Traffic` on the event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answered(self, release_id: str, since: float, counts: Counts) -> Arm:
        """What `release_id` has answered since then (seconds since 1970), with the router's counts of that time.

        Raises:
            StepFailed: the store cannot be read.
        """
        timings = requests.c.timings_ms
        milliseconds = func.coalesce(timings["service"].as_float(), timings["total"].as_float())
        ours = (own(requests), requests.c.release_id == release_id, requests.c.received_at >= since)
        answers = (
            select(
                requests.c.request_id,
                requests.c.user_id,
                milliseconds,
                cast(requests.c["items"], String) == "[]",
                requests.c.received_at,
            )
            .where(*ours)
            .order_by(requests.c.received_at.desc())
            .limit(MAX_ANSWERS)
        )
        clicks = (
            select(feedback.c.request_id)
            .join(requests, requests.c.request_id == feedback.c.request_id)
            .where(*ours, own(feedback), feedback.c.received_at >= since, feedback.c.type.in_(CLICKS))
        )
        try:
            with reading(self._engine) as db:
                rows = db.execute(answers).all()
                clicked = set(db.execute(clicks).scalars())
        except DBAPIError as error:
            raise StepFailed(f"the event store cannot be read: {error.orig}") from error
        numbers = {user_id: number for number, user_id in enumerate(dict.fromkeys(row[1] for row in rows))}
        return Arm(
            users=np.array([numbers[row[1]] for row in rows], np.int64),
            at=np.array([row[4] for row in rows], np.float64),
            milliseconds=np.array([row[2] for row in rows], np.float64),
            empty=np.array([row[3] for row in rows], np.bool_),
            clicked=np.array([row[0] in clicked for row in rows], np.bool_),
            asked=counts.asked,
            failed=counts.failed,
        )

    def empty_answers(self, release_id: str, since: float, limit: int) -> list[EmptyAnswer]:
        """The latest answers without an item, at most one of each user.

        Raises:
            StepFailed: the store cannot be read.
        """
        latest, asked = func.max(requests.c.received_at), cast(requests.c.context, Text)
        query = (
            select(requests.c.user_id, requests.c.k, asked.label("context"), latest)
            .where(own(requests), requests.c.release_id == release_id, requests.c.received_at >= since)
            .where(cast(requests.c["items"], String) == "[]")
            .group_by(requests.c.user_id, requests.c.k, asked)
            .order_by(latest.desc())
            .limit(limit)
        )
        found: dict[str, dict[str, Any]] = {}
        try:
            with reading(self._engine) as db:
                for row in db.execute(query):
                    found.setdefault(row.user_id, {**orjson.loads(row.context), "user_id": row.user_id, "k": row.k})
        except DBAPIError as error:
            raise StepFailed(f"the event store cannot be read: {error.orig}") from error
        return [EmptyAnswer(user_id, question) for user_id, question in found.items()]
