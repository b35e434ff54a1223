"""Keeps evaluations of prompts and every answer paid for, so that one that was stopped goes on without paying twice.

Before a prompt is asked its answer is noted as under way, with the most that it can cost. What a killed process leaves
under way has been paid for and is lost: an evaluation of logged requests leaves it alone and counts the money, the
worker beside live traffic asks again, since it may lose no request.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from components.adapters.store.engine import reading
from components.adapters.store.tables import evaluations, requests, shadow_results
from components.shadow.records import ShadowReply

UNDER_WAY = "under_way"
SHUFFLED, PLANTED = ":shuffled", ":planted"
"""Behind a prompt version: its answers in the pre-check, which are no part of the comparison."""
Mode = Literal["live", "logged"]


@dataclass(frozen=True)
class Spec:
    """What is compared, fixed when the evaluation is made.

    Attributes:
        champion, challenger: versions of the prompt.
        champion_text, challenger_text: their texts, so that the worker needs no registry.
        tier: of the cascade, which both are asked at.
    """

    mode: Mode
    champion: int
    challenger: int
    champion_text: str
    challenger_text: str
    tier: str
    sample_size: int


@dataclass(frozen=True)
class StoredEvaluation:
    """An evaluation as it is now.

    Attributes:
        state: `running` or `over`.
        planned_read: whether the one planned read has been made.
    """

    evaluation_id: str
    spec: Spec
    state: str
    planned_read: bool
    decision: str | None
    reasons: Any
    created_at: float


class EvaluationStore:
    """Evaluations in the event store; `now` gives seconds since 1970."""

    def __init__(self, engine: Engine, now: Callable[[], float]) -> None:
        self._engine = engine
        self._now = now

    @property
    def engine(self) -> Engine:
        """The event store."""
        return self._engine

    def create(self, spec: Spec) -> StoredEvaluation:
        """A new evaluation, running."""
        found = f"eval-{uuid.uuid4().hex[:10]}"
        with self._engine.begin() as db:
            db.execute(
                insert(evaluations).values(
                    evaluation_id=found,
                    spec={**vars(spec), "planned_read": False},
                    state="running",
                    created_at=self._now(),
                )
            )
        return self.get(found)

    def get(self, evaluation_id: str) -> StoredEvaluation:
        """The evaluation of this id, which must be there."""
        with reading(self._engine) as db:
            return _evaluation(db.execute(select(evaluations).filter_by(evaluation_id=evaluation_id)).one())

    def newest(self, limit: int) -> list[StoredEvaluation]:
        """The latest evaluations, the latest first."""
        query = select(evaluations).order_by(evaluations.c.created_at.desc()).limit(limit)
        with reading(self._engine) as db:
            return [_evaluation(row) for row in db.execute(query)]

    def spent(self, evaluation_id: str) -> tuple[int, float]:
        """How many answers were paid for, and dollars."""
        query = select(func.count(), func.coalesce(func.sum(shadow_results.c.cost_usd), 0.0))
        with reading(self._engine) as db:
            answers, cost = db.execute(query.where(shadow_results.c.evaluation_id == evaluation_id)).one()
        return int(answers), float(cost)

    def of_pair(self, mode: Mode, champion: int, challenger: int) -> list[StoredEvaluation]:
        """Every evaluation of these two prompts in this mode, oldest first."""
        wanted = (mode, champion, challenger)
        return [one for one in self._all() if (one.spec.mode, one.spec.champion, one.spec.challenger) == wanted]

    def of_challenger(self, version: int) -> list[StoredEvaluation]:
        """Every evaluation of this prompt, oldest first."""
        return [one for one in self._all() if one.spec.challenger == version]

    def running_live(self) -> list[StoredEvaluation]:
        """The evaluations that the worker collects for."""
        return [one for one in self._all() if one.state == "running" and one.spec.mode == "live"]

    def conclude(self, evaluation_id: str, decision: str, reasons: Any, over: bool, planned_read: bool) -> None:
        """Stores what was decided. An evaluation that is over is not read again."""
        with self._engine.begin() as db:
            spec = db.execute(select(evaluations.c.spec).filter_by(evaluation_id=evaluation_id)).scalar_one()
            db.execute(
                update(evaluations)
                .filter_by(evaluation_id=evaluation_id)
                .values(
                    spec={**spec, "planned_read": spec["planned_read"] or planned_read},
                    decision=decision,
                    reasons=reasons,
                    state="over" if over else "running",
                    finished_at=self._now() if over else None,
                )
            )

    def resize(self, evaluation_id: str, sample_size: int) -> None:
        """Lets the evaluation go on to `sample_size` requests."""
        with self._engine.begin() as db:
            spec = db.execute(select(evaluations.c.spec).filter_by(evaluation_id=evaluation_id)).scalar_one()
            db.execute(
                update(evaluations)
                .filter_by(evaluation_id=evaluation_id)
                .values(spec={**spec, "sample_size": sample_size})
            )

    # Answers

    def claim(self, evaluation_id: str, request_id: str, prompt: str, tier: str, most_usd: float) -> bool:
        """Notes that the prompt is about to be asked; False when it was already, and must not be paid for again."""
        row = _row(evaluation_id, ShadowReply(request_id, prompt, (), outcome=UNDER_WAY, cost_usd=most_usd), tier)
        try:
            with self._engine.begin() as db:
                db.execute(insert(shadow_results).values(**row, created_at=self._now()))
        except IntegrityError:
            return False
        return True

    def claim_again(self, evaluation_id: str, request_id: str, prompt: str, most_usd: float) -> float:
        """Adds to a claim that a killed process left under way; returns what that one may have cost already."""
        key = {"evaluation_id": evaluation_id, "request_id": request_id, "prompt_version": prompt}
        with self._engine.begin() as db:
            before = float(db.execute(select(shadow_results.c.cost_usd).filter_by(**key)).scalar_one())
            db.execute(update(shadow_results).filter_by(**key).values(cost_usd=before + most_usd))
        return before

    def settle(self, evaluation_id: str, reply: ShadowReply, tier: str, lost_usd: float = 0.0) -> None:
        """Stores what came of a claim, and what it did cost, beside what a killed process may have paid before."""
        row = _row(evaluation_id, replace(reply, cost_usd=reply.cost_usd + lost_usd), tier)
        with self._engine.begin() as db:
            key = {name: row.pop(name) for name in ("evaluation_id", "request_id", "prompt_version")}
            db.execute(update(shadow_results).filter_by(**key).values(**row))

    def replies(self, evaluation_id: str, prompt: str) -> dict[str, ShadowReply]:
        """What came of one prompt, by request; those under way are left out."""
        with reading(self._engine) as db:
            query = select(shadow_results).filter_by(evaluation_id=evaluation_id, prompt_version=prompt)
            rows = db.execute(query.where(shadow_results.c.outcome != UNDER_WAY)).all()
        return {row.request_id: _reply(row) for row in rows}

    def claimed(self, evaluation_id: str, prompt: str) -> set[str]:
        """Requests about which the prompt was asked, or is being asked."""
        with reading(self._engine) as db:
            query = select(shadow_results.c.request_id).filter_by(evaluation_id=evaluation_id, prompt_version=prompt)
            return set(db.execute(query).scalars())

    def under_way(self, evaluation_id: str, prompt: str) -> list[str]:
        """Requests whose answer somebody is waiting for, or was when they were killed."""
        with reading(self._engine) as db:
            query = select(shadow_results.c.request_id).filter_by(
                evaluation_id=evaluation_id, prompt_version=prompt, outcome=UNDER_WAY
            )
            return list(db.execute(query).scalars())

    def last_received(self, evaluation_id: str, prompt: str) -> float:
        """When the newest request came in that the prompt was asked about; 0 without any."""
        asked = select(shadow_results.c.request_id).filter_by(evaluation_id=evaluation_id, prompt_version=prompt)
        with reading(self._engine) as db:
            query = select(func.max(requests.c.received_at)).where(requests.c.request_id.in_(asked))
            return float(db.execute(query).scalar_one() or 0.0)

    def spent_usd(self, evaluation_id: str) -> float:
        """What the evaluation has cost, calls under way at their most."""
        with reading(self._engine) as db:
            return _sum(db, shadow_results.c.evaluation_id == evaluation_id)

    def spent_live_since(self, moment: float) -> float:
        """What all live evaluations have cost since a moment."""
        live = [one.evaluation_id for one in self._all() if one.spec.mode == "live"]
        with reading(self._engine) as db:
            return _sum(db, shadow_results.c.evaluation_id.in_(live), shadow_results.c.created_at >= moment)

    def _all(self) -> Sequence[StoredEvaluation]:
        with reading(self._engine) as db:
            return [_evaluation(row) for row in db.execute(select(evaluations).order_by(evaluations.c.created_at))]


def _sum(db: Connection, *conditions: Any) -> float:
    return float(
        db.execute(select(func.coalesce(func.sum(shadow_results.c.cost_usd), 0.0)).where(*conditions)).scalar_one()
    )


def _evaluation(row: Any) -> StoredEvaluation:
    spec: Mapping[str, Any] = row.spec
    fields = {name: spec[name] for name in Spec.__dataclass_fields__}
    return StoredEvaluation(
        row.evaluation_id, Spec(**fields), row.state, spec["planned_read"], row.decision, row.reasons, row.created_at
    )


def _row(evaluation_id: str, reply: ShadowReply, tier: str) -> dict[str, Any]:
    return {
        "evaluation_id": evaluation_id,
        "request_id": reply.request_id,
        "prompt_version": reply.prompt_version,
        "tier": tier,
        "outcome": reply.outcome,
        "ranking": {"shown": list(reply.ranking), "by_model": list(reply.by_model)},
        "faults": {"reply": list(reply.faults), "explanations": list(reply.explanation_faults)},
        "explanations": dict(reply.explanations),
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "cache_read_tokens": reply.cache_read_tokens,
        "cost_usd": reply.cost_usd,
        "latency_ms": reply.latency_ms,
    }


def _reply(row: Any) -> ShadowReply:
    return ShadowReply(
        request_id=row.request_id,
        prompt_version=row.prompt_version,
        ranking=tuple(row.ranking["shown"]),
        by_model=tuple(row.ranking["by_model"]),
        outcome=row.outcome,
        faults=tuple(row.faults["reply"]),
        explanations=row.explanations,
        explanation_faults=tuple(row.faults["explanations"]),
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cache_read_tokens=row.cache_read_tokens,
        cost_usd=row.cost_usd,
        latency_ms=row.latency_ms,
    )
