"""Reads an experiment from its log: the declared metrics, guardrails and segments, and the decision they allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.experiments.declaration import Declaration, GuardrailName, MetricName
from components.experiments.evidence import Declared, Metric
from components.experiments.experiment_log import ExperimentLog, UserTotals, total_by_user
from components.experiments.fixed_horizon import Values, linearised
from components.experiments.power import MinimumEffect
from components.experiments.reading import NoDifference, NoWinnerAllowed, StillOpen, Winner, read_experiment

METRICS: tuple[MetricName, ...] = (
    "ndcg_at_10",
    "hit_rate",
    "ctr",
    "clickers",
    "conversion",
    "revenue_per_user",
    "session_length",
)
USUAL_EFFECT = MinimumEffect(0.05, "relative")
"""For metrics beside a primary one whose minimum effect is in its own unit."""


def read_log(
    declaration: Declaration, planned_users: int, planned_days: int, log: ExperimentLog, days: int, cold_threshold: int
) -> Winner | NoDifference | StillOpen | NoWinnerAllowed:
    """The decision of `components.experiments.reading`, on what was logged.

    Users are compared by the variant of their first exposure, with what was known before it taken out (CUPED).

    Args:
        days: whole ones since the start.
        cold_threshold: users of whom fewer interactions were known at their exposure are cold.
    """
    totals = total_by_user(log)
    declared = Declared(
        declaration.split,
        declaration.primary,
        declaration.test,
        planned_users,
        planned_days,
        declaration.level,
        declaration.power,
    )
    others = declaration.effect if declaration.minimum_effect.kind == "relative" else USUAL_EFFECT
    metrics = [
        metric_of(name, totals, declaration.effect if name == declaration.primary else others) for name in METRICS
    ]
    guardrails = [guardrail_of(name, totals, others, most) for name, most in declaration.guardrails.items()]
    history: NDArray[np.str_] = np.where(log.n_known >= cold_threshold, "warm", "cold")
    segments = {str(kind): history for kind in declaration.segments}
    return read_experiment(declared, log.variant, metrics, days, guardrails, segments)


def metric_of(name: MetricName, totals: UserTotals, effect: MinimumEffect) -> Metric:
    """The metric of this name: per list, per item shown, per session, or per user."""
    numerators: dict[MetricName, tuple[Values, Values | None]] = {
        "ndcg_at_10": (totals.ndcg, totals.requests),
        "hit_rate": (totals.hits, totals.requests),
        "ctr": (totals.clicks, totals.impressions),
        "clickers": ((totals.hits > 0).astype(np.float64), None),
        "conversion": (totals.buyers, None),
        "revenue_per_user": (totals.revenue, None),
        "session_length": (totals.actions, totals.sessions),
    }
    total, per = numerators[name]
    return Metric(name, total, effect, "higher", per, totals.before)


def guardrail_of(name: GuardrailName, totals: UserTotals, effect: MinimumEffect, tolerance: float) -> Metric:
    """The guardrail of this name, per list; lower is better, and up to `tolerance` more is no harm."""
    sums = {"latency_ms": totals.latency_ms, "cost_usd": totals.cost_usd, "errors": totals.failed}
    return Metric(name, sums[name], effect, "lower", totals.requests, totals.before, tolerance)


def baseline_of(name: MetricName, log: ExperimentLog) -> tuple[float, float] | None:
    """Mean of the metric and standard deviation over users, for planning; None with fewer than two users or no lists.

    A ratio is linearised. CUPED is left out, so that the plan is on the safe side.
    """
    totals = total_by_user(log)
    metric = metric_of(name, totals, USUAL_EFFECT)
    if len(metric.total) < 2 or (metric.per is not None and not metric.per.sum() > 0):
        return None
    values = metric.total if metric.per is None else linearised(metric.total, metric.per)
    return float(values.mean()), float(values.std(ddof=1))
