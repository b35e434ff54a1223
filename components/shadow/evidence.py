"""Gathers everything that the decision on a prompt rests on, and everything that its report shows beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.config.shadow import ShadowConfig
from components.shadow.fault_rate import FaultRate, count_faults
from components.shadow.ground_truth import GroundTruth, Source
from components.shadow.paired import NOTHING, Levels, Paired, Values, compare_paired
from components.shadow.records import Case, RankedItemFacts
from components.shadow.scores import (
    Both,
    PromotedItems,
    count_engagement,
    score_agreement,
    score_relevance,
    score_variety,
)

LEAST_USERS = 100
"""Effective users below which a source decides nothing: neither the bootstrap nor the sequence holds with fewer."""
SEGMENTS = ("warm", "cold")


@dataclass(frozen=True)
class Speed:
    """Latency of one prompt's calls in milliseconds; NaN without calls."""

    p50: float
    p95: float


@dataclass(frozen=True)
class ShadowEvidence:
    """What was measured.

    Attributes:
        cases: requests that both prompts answered.
        source: where the target's ground truth comes from; None while no source is large enough.
        share: of the cases about which that source speaks.
        target: NDCG@10 by that source.
        by_source: NDCG@10 by each source of truth, also by those that may not decide.
        segments: the target among warm and cold users apart.
        faults, champion_faults: of replies.
        explanation_faults: of replies that carry explanations.
        guards: of metrics in which the challenger may not be much worse.
        overlap, top_ten: mean agreement of the two prompts' rankings.
        speed: of champion and challenger.
    """

    cases: int
    source: Source | None
    share: float
    target: Paired
    by_source: Mapping[str, Paired]
    segments: Mapping[str, Paired]
    faults: FaultRate
    champion_faults: FaultRate
    explanation_faults: FaultRate
    guards: Mapping[str, Paired]
    engagement: PromotedItems
    overlap: float
    top_ten: float
    speed: tuple[Speed, Speed]
    tokens: tuple[float, float]
    cost_usd: tuple[float, float]


def gather_evidence(
    cases: Sequence[Case],
    truth: GroundTruth,
    items: Mapping[str, RankedItemFacts],
    cold_below: int,
    policy: ShadowConfig,
    rng: np.random.Generator,
) -> ShadowEvidence:
    """All figures of an evaluation. The source of truth is chosen by how much it speaks, never by what it says.

    Positions filled at random favour nobody and are taken where they are worth enough users; else what users did later.
    """
    users = [case.request.user_id for case in cases]
    levels = Levels(policy.read_level, policy.sequential_level, policy.bootstrap_samples, policy.planned_gain)

    def compare(both: Both, weights: Values) -> Paired:
        return compare_paired(users, both.champion, both.challenger, weights, levels, rng)

    by_source = {
        source: compare(*score_relevance(cases, truth.of(source))) for source in ("explored", "later", "all", "listed")
    }
    source = _choose(by_source)
    alike = np.ones(len(cases))
    diversity, spread = score_variety(cases, items)
    cost, latency = _column(cases, "cost_usd"), _column(cases, "latency_ms")
    guards = {
        "diversity": compare(diversity, alike),
        "category spread": compare(spread, alike),
        "cost": compare(cost, alike),
        "latency": compare(latency, alike),
    }
    agreement = score_agreement(cases)
    target = by_source[source] if source else NOTHING
    return ShadowEvidence(
        cases=len(cases),
        source=source,
        share=target.requests / len(cases) if cases else 0.0,
        target=target,
        by_source=by_source,
        segments=_segments(cases, truth, source, cold_below, levels, rng),
        faults=count_faults((case.challenger.fault_kinds for case in cases), policy.fault_confidence),
        champion_faults=count_faults((case.champion.fault_kinds for case in cases), policy.fault_confidence),
        explanation_faults=count_faults(
            (case.challenger.explanation_faults for case in cases if case.challenger.explanations),
            policy.fault_confidence,
        ),
        guards=guards,
        engagement=count_engagement(cases, truth.of(source or "later")),
        overlap=_mean(agreement.overlap),
        top_ten=_mean(agreement.top_ten),
        speed=(_speed(latency.champion), _speed(latency.challenger)),
        tokens=_total(_column(cases, "tokens")),
        cost_usd=_total(cost),
    )


def _choose(by_source: Mapping[str, Paired]) -> Source | None:
    sources: tuple[Source, ...] = ("explored", "later")
    return next((source for source in sources if by_source[source].effective_users >= LEAST_USERS), None)


def _segments(
    cases: Sequence[Case],
    truth: GroundTruth,
    source: Source | None,
    cold_below: int,
    levels: Levels,
    rng: np.random.Generator,
) -> dict[str, Paired]:
    """For looking, not for deciding; a request whose user's history was not logged is in neither."""
    parts: dict[str, list[Case]] = {segment: [] for segment in SEGMENTS}
    for case in cases:
        if case.request.n_known is not None:
            parts["cold" if case.request.n_known < cold_below else "warm"].append(case)
    found = {}
    for segment, part in parts.items():
        both, weights = score_relevance(part, truth.of(source or "later"))
        users = [case.request.user_id for case in part]
        found[segment] = compare_paired(users, both.champion, both.challenger, weights, levels, rng)
    return found


def _column(cases: Sequence[Case], name: str) -> Both:
    values = np.array([[getattr(case.champion, name), getattr(case.challenger, name)] for case in cases], np.float64)
    columns = values.reshape(-1, 2)
    return Both(columns[:, 0], columns[:, 1])


def _speed(milliseconds: Values) -> Speed:
    return Speed(*np.percentile(milliseconds, [50, 95]).tolist()) if len(milliseconds) else Speed(np.nan, np.nan)


def _total(both: Both) -> tuple[float, float]:
    return float(both.champion.sum()), float(both.challenger.sum())


def _mean(values: Values) -> float:
    return float(values.mean()) if len(values) else float("nan")
