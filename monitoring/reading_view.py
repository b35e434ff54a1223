"""Puts a reading of an experiment into the words and numbers that page, artifact and MLflow run show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.experiments.declaration import Declaration
from components.experiments.evidence import VariantComparison
from components.experiments.placement import Design
from components.experiments.reading import NoDifference, NoWinnerAllowed, StillOpen, Winner
from components.experiments.sample_ratio import RatioHolds, RatioMismatch
from monitoring.reading_facts import ReadingFacts

Decision = Winner | NoDifference | StillOpen | NoWinnerAllowed
TITLES = {
    "preference": "share of the credited clicks",
    "ndcg_at_10": "NDCG@10 of clicks",
    "hit_rate": "lists with a click",
    "ctr": "clicks per item shown",
    "clickers": "users who click",
    "conversion": "users who buy",
    "revenue_per_user": "revenue per user",
    "session_length": "actions per session",
    "latency_ms": "latency, ms per list",
    "cost_usd": "cost, $ per list",
    "errors": "lists degraded or off their route",
}


@dataclass(frozen=True)
class Line:
    """One comparison with the control; `low`, `value` and `high` are shares of the control's mean, None if that is 0.

    Attributes:
        role: primary, secondary, guardrail or segment.
        verdict: better, worse or open, as the interval says; for a guardrail harmed or unharmed, as Holm's test says.
        p_value: of the declared test; of harm, adjusted, for a guardrail.
    """

    role: str
    metric: str
    title: str
    variant: str
    segment: str | None
    users: tuple[int, int]
    control: float
    treatment: float
    low: float | None
    value: float | None
    high: float | None
    p_value: float
    verdict: str
    variance_reduction: float
    minimum_effect: float | None


@dataclass(frozen=True)
class ReadingView:
    """Everything that is shown; times are seconds since 1970.

    Attributes:
        verdict: winner, no difference, undecided or refused.
        winner: the variant, if there is one.
        users_needed, days_needed: while undecided.
        sample_ratio: in words.
        entered: cumulative users per variant at moments between start and reading.
    """

    name: str
    design: Design
    verdict: str
    winner: str | None
    reason: str
    users_needed: int | None
    days_needed: int | None
    variants: tuple[str, ...]
    shares: tuple[float, ...]
    users: tuple[int, ...]
    sample_ratio: str
    sample_ratio_holds: bool
    primary: str
    test: str
    level: float
    power: float
    minimum_effect: str
    planned_users: int
    planned_days: int
    days: int
    started_at: float
    read_at: float
    lists: int
    switched: int
    lines: tuple[Line, ...]
    warnings: tuple[str, ...]
    entered_at: tuple[float, ...]
    entered: tuple[tuple[int, ...], ...]

    @property
    def counted(self) -> str:
        """What is planned, and still needed: of each variant, or of both together."""
        return "users" if self.design == "interleaved" else "users per variant"


@dataclass(frozen=True)
class Period:
    """From the start to the reading (seconds since 1970), and the whole days between."""

    started_at: float
    read_at: float
    days: int


def view_of(
    declaration: Declaration,
    planned: tuple[int, int],
    decision: Decision,
    facts: ReadingFacts,
    period: Period,
    shares: tuple[float, ...] | None = None,
) -> ReadingView:
    """The view of a decision; `planned` are users per variant and days, `shares` those of users to come, if others."""
    evidence = decision.evidence
    lines = [_line("primary", one) for one in evidence.primary]
    lines += [_line("secondary", one) for one in evidence.secondary]
    for guardrail in evidence.guardrails:
        verdict = "harmed" if guardrail.harmed else "unharmed"
        lines.append(_line("guardrail", guardrail.comparison, p_value=guardrail.p_harm, verdict=verdict))
    lines += [_line("segment", one, segment=label) for _, label, one in evidence.segments]
    effect = declaration.minimum_effect
    undecided = decision if isinstance(decision, StillOpen) else None
    moments = np.linspace(period.started_at, max(period.read_at, period.started_at + 1), 25)
    return ReadingView(
        name=declaration.name,
        design=declaration.design,
        verdict={Winner: "winner", NoDifference: "no difference", StillOpen: "undecided"}.get(
            type(decision), "refused"
        ),
        winner=decision.variant if isinstance(decision, Winner) else None,
        reason=decision.reason,
        users_needed=undecided.users_needed if undecided else None,
        days_needed=undecided.days_needed if undecided else None,
        variants=declaration.split.variants,
        shares=shares or declaration.split.shares,
        users=evidence.users,
        sample_ratio=_ratio(evidence.sample_ratio),
        sample_ratio_holds=not isinstance(evidence.sample_ratio, RatioMismatch),
        primary=declaration.primary,
        test=declaration.test,
        level=declaration.level,
        power=declaration.power,
        minimum_effect=f"{effect.size:+.1%}" if effect.kind == "relative" else f"{effect.size:+g}",
        planned_users=planned[0],
        planned_days=planned[1],
        days=period.days,
        started_at=period.started_at,
        read_at=period.read_at,
        lists=facts.lists,
        switched=facts.switched,
        lines=tuple(lines),
        warnings=facts.warnings,
        entered_at=tuple(float(moment) for moment in moments),
        entered=tuple(tuple(int((first_at <= moment).sum()) for moment in moments) for first_at in facts.first_at),
    )


def _line(
    role: str,
    one: VariantComparison,
    segment: str | None = None,
    p_value: float | None = None,
    verdict: str | None = None,
) -> Line:
    found = one.difference
    base = abs(found.control)

    def share(value: float) -> float | None:
        return value / base if base > 0 else None

    low, _, high = one.gain
    seen = "better" if low > 0 else "worse" if high < 0 else "open"
    return Line(
        role=role,
        metric=one.metric,
        title=TITLES.get(one.metric, one.metric),
        variant=one.variant,
        segment=segment,
        users=found.users,
        control=found.control,
        treatment=found.treatment,
        low=share(found.low),
        value=share(found.value),
        high=share(found.high),
        p_value=found.p_value if p_value is None else p_value,
        verdict=verdict or seen,
        variance_reduction=one.variance_reduction,
        minimum_effect=share(one.minimum_effect) or None,
    )


def _ratio(found: object) -> str:
    if isinstance(found, RatioMismatch):
        return found.reason
    if isinstance(found, RatioHolds):
        return f"as declared, p = {found.p_value:.2g}"
    return "too few users to say"
