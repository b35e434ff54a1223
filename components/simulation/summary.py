"""Sums a simulation up: how good the answers were, how fast, at what cost, and what failed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from components.metrics.ranking import ndcg
from components.simulation.traffic import Failure, HttpReply, Visit

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Summary:
    """What a simulation saw; shares and means are None where there is nothing to take them of.

    Attributes:
        users: different ones who were answered.
        ctr: clicks per item shown.
        ndcg: of each list against all that the person would like and has not met, mean over requests.
        latency_ms: p50, p95 and p99 of answered requests, as the client saw them.
        failures: requests without an answer, by kind.
        feedback_lost: posts of feedback that were not accepted, by kind.
        clicks_digest: the same for the same clicks, whatever the order in which they came.
    """

    requests: int
    answered: int
    users: int
    seconds: float
    clicks: int
    events_told: int
    ctr: float | None
    ndcg: float | None
    requests_with_click: float | None
    latency_ms: dict[str, float]
    cache_hit_rate: float | None
    degraded: float | None
    cost_usd: float
    routes: dict[str, int]
    variants: dict[str, int]
    releases: dict[str, int]
    slots: dict[str, int]
    failures: dict[str, int]
    feedback_lost: dict[str, int]
    clicks_digest: str

    @property
    def requests_per_second(self) -> float:
        """Answered ones."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0


def summarise(visits: Sequence[Visit], seconds: float) -> Summary:
    """The summary of all visits of a simulation that took `seconds`."""
    answered = [(visit, visit.reply.body) for visit in visits if isinstance(visit.reply, HttpReply)]
    shown = sum(len(visit.relevant) for visit, _ in answered)
    clicks = sum(len(visit.clicked) for visit, _ in answered)
    scores = [_ndcg(visit) for visit, _ in answered if visit.n_relevant and visit.relevant]
    times = np.array([visit.seconds * 1000 for visit, _ in answered])
    return Summary(
        requests=len(visits),
        answered=len(answered),
        users=len({visit.user_id for visit, _ in answered}),
        seconds=seconds,
        clicks=clicks,
        events_told=sum(visit.told for visit in visits),
        ctr=clicks / shown if shown else None,
        ndcg=float(np.mean(scores)) if scores else None,
        requests_with_click=_mean(bool(visit.clicked) for visit, _ in answered),
        latency_ms={f"p{q}": round(float(np.percentile(times, q)), 2) for q in PERCENTILES} if len(times) else {},
        cache_hit_rate=_mean(bool(body["cached"]) for _, body in answered),
        degraded=_mean(bool(body["degraded"]) for _, body in answered),
        cost_usd=float(sum(body["cost_usd"] for _, body in answered)),
        routes=_counted(body["route"] for _, body in answered),
        variants=_counted(body["variant"] for _, body in answered),
        releases=_counted(body["release"] for _, body in answered),
        slots=_counted(body["slot"] for _, body in answered),
        failures=_counted(visit.reply.kind for visit in visits if isinstance(visit.reply, Failure)),
        feedback_lost=_counted(visit.lost for visit in visits if visit.lost is not None),
        clicks_digest=digest_of_clicks(visits),
    )


def digest_of_clicks(visits: Sequence[Visit]) -> str:
    """16 hex digits over who clicked what, request by request."""
    digest = hashlib.sha256()
    for visit in sorted(visits, key=lambda visit: visit.number):
        if isinstance(visit.reply, HttpReply):
            items = [visit.reply.body["items"][place]["item_id"] for place in visit.clicked]
            digest.update(repr((visit.number, visit.user_id, items)).encode())
    return digest.hexdigest()[:16]


def _ndcg(visit: Visit) -> float:
    return float(ndcg(np.array([visit.relevant]), np.array([visit.n_relevant]))[0])


def _mean(values: Iterable[bool]) -> float | None:
    listed = list(values)
    return sum(listed) / len(listed) if listed else None


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))
