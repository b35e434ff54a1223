"""Decides what an experiment has shown: a winner, no difference, not enough yet, or that it must not be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.experiments.evidence import (
    Declared,
    ExperimentEvidence,
    Metric,
    VariantComparison,
    compare_segments,
    compare_variants,
    guard,
    has_values,
    weigh_ratio,
)
from components.experiments.power import LEAST_DAYS, MinimumEffect, users_for_mean
from components.experiments.sample_ratio import RatioMismatch, RatioUnknown

LEAST_USERS = 100
"""In each variant; below, neither Student's t nor the confidence sequence holds for heavy-tailed users."""


@dataclass(frozen=True)
class Winner:
    """One variant is better on the primary metric, and no guardrail forbids it; it may be the control."""

    variant: str
    reason: str
    evidence: ExperimentEvidence


@dataclass(frozen=True)
class NoDifference:
    """If there is any, it is smaller than the minimum effect."""

    reason: str
    evidence: ExperimentEvidence


@dataclass(frozen=True)
class StillOpen:
    """The data do not tell yet, and the fields say what is still needed, 0 where nothing is.

    Attributes:
        users_needed: per variant, beyond those in the smallest one; all those of a new experiment, when a fixed test
            has had its one read.
        days_needed: the same in days, where users keep coming at the rate seen.
    """

    reason: str
    users_needed: int
    days_needed: int
    evidence: ExperimentEvidence


@dataclass(frozen=True)
class NoWinnerAllowed:
    """No winner may be named, however the primary metric looks."""

    reason: str
    evidence: ExperimentEvidence


def read_experiment(
    declared: Declared,
    variant: NDArray[np.integer],
    metrics: Sequence[Metric],
    days: int,
    guardrails: Sequence[Metric] = (),
    segments: Mapping[str, NDArray[np.str_]] | None = None,
) -> Winner | NoDifference | StillOpen | NoWinnerAllowed:
    """The sample ratio first, then the declared primary metric by the declared test, then the guardrails.

    A fixed-horizon test is read when the planned users and days are there, and not before; a sequential one on any
    day. Other metrics and the segments are shown with intervals and decide nothing.

    Args:
        variant: row in `declared.split.variants` of each user with an exposure, (n_users,).
        metrics: the primary one among them.
        days: whole days since the start.
        segments: kind to label of each user, known before assignment: {"history": ["warm", "cold", …]}.

    Raises:
        ValueError: the primary metric is not among `metrics`, or a metric is not of these users.
    """
    primary = next((metric for metric in metrics if metric.name == declared.primary), None)
    if primary is None:
        raise ValueError(f"the primary metric {declared.primary} is not among {[metric.name for metric in metrics]}")
    for metric in (*metrics, *guardrails):
        for column in (metric.total, metric.total if metric.per is None else metric.per):
            if len(column) != len(variant) or not np.isfinite(column).all():
                raise ValueError(f"{metric.name} needs one finite number for each of {len(variant)} users")
    evidence = weigh_ratio(declared, variant)
    if isinstance(evidence.sample_ratio, RatioMismatch):
        return NoWinnerAllowed(evidence.sample_ratio.reason, evidence)
    fewest = min(evidence.users)
    if fewest < LEAST_USERS or isinstance(evidence.sample_ratio, RatioUnknown):
        reason = f"{fewest} users in the smallest variant: nothing can be said before {LEAST_USERS}"
        return _undecided(reason, declared, evidence, days, declared.planned_users)
    for metric in (*metrics, *guardrails):
        if not has_values(metric, variant, len(evidence.users)):
            reason = f"{metric.name} has nothing to divide by in one of the variants"
            return _undecided(reason, declared, evidence, days, declared.planned_users)
    evidence = replace(
        evidence,
        primary=compare_variants(declared, primary, variant),
        secondary=tuple(
            one for metric in metrics if metric is not primary for one in compare_variants(declared, metric, variant)
        ),
        guardrails=guard(declared, guardrails, variant),
        segments=compare_segments(declared, primary, variant, segments or {}),
    )
    if declared.test == "fixed" and (fewest < declared.planned_users or days < declared.planned_days):
        reason = (
            "a fixed-horizon test is read once, at its planned size and days; to look before, declare a sequential one"
        )
        return _undecided(reason, declared, evidence, days, declared.planned_users)
    return _decide(declared, evidence, days)


def _decide(
    declared: Declared, evidence: ExperimentEvidence, days: int
) -> Winner | NoDifference | StillOpen | NoWinnerAllowed:
    better = sorted((one for one in evidence.primary if one.gain[0] > 0), key=lambda one: one.gain[1], reverse=True)
    harmed = {one.comparison.variant: one for one in evidence.guardrails if one.harmed}
    for one in better:
        if one.variant not in harmed:
            return Winner(one.variant, f"{_shown(one)} beside {declared.split.variants[0]}{_early(days)}", evidence)
    if better:
        forbidding = harmed[better[0].variant]
        reason = f"{_shown(better[0])}, but the guardrail {_shown(forbidding.comparison)}, p = {forbidding.p_harm:.2g}"
        return NoWinnerAllowed(reason, evidence)
    if all(one.gain[2] < 0 for one in evidence.primary):
        control = declared.split.variants[0]
        return Winner(control, f"{'; '.join(map(_shown, evidence.primary))} beside {control}{_early(days)}", evidence)
    still_open = [one for one in evidence.primary if one.gain[2] >= 0]
    if all(-one.minimum_effect < one.gain[0] and one.gain[2] < one.minimum_effect for one in still_open):
        return NoDifference(f"{'; '.join(map(_shown, evidence.primary))}: less than the minimum effect", evidence)
    needed = max(_users_to_decide(declared, evidence, one) for one in still_open)
    reason = (
        f"{'; '.join(map(_shown, evidence.primary))}: may be 0 and may matter; {needed} users per variant would tell"
    )
    fewest = min(evidence.users)
    if declared.test == "fixed":
        again = max(LEAST_DAYS, math.ceil(days * needed / fewest))
        return StillOpen(f"{reason}, in a new experiment, since this one has been read", needed, again, evidence)
    more = max(0, needed - fewest)
    return StillOpen(reason, more, max(declared.planned_days - days, math.ceil(days * more / fewest)), evidence)


def _users_to_decide(declared: Declared, evidence: ExperimentEvidence, one: VariantComparison) -> int:
    """Per variant: the plan made again with the spread seen; if that is reached, as many as would make the interval
    exclude 0 or lie within the minimum effect if the estimate stayed where it is.
    """
    fewest = min(evidence.users)
    # Of the difference, were all variants as large as the smallest; at least so much is needed.
    std = one.difference.std_error * math.sqrt(fewest / 2)
    if one.minimum_effect <= 0 or std == 0:
        return 2 * fewest
    effect = MinimumEffect(one.minimum_effect, "absolute")
    level = declared.level / len(evidence.primary)
    planned = users_for_mean(one.difference.control, std, effect, declared.test, level, declared.power)
    if planned > fewest:
        return planned
    _, value, high = one.gain
    reach = high - value
    return math.ceil(fewest * (reach / max(abs(value), one.minimum_effect - abs(value))) ** 2)


def _undecided(reason: str, declared: Declared, evidence: ExperimentEvidence, days: int, users: int) -> StillOpen:
    return StillOpen(reason, max(0, users - min(evidence.users)), max(0, declared.planned_days - days), evidence)


def _shown(one: VariantComparison) -> str:
    found = one.difference
    relative = f" ({found.value / abs(found.control):+.1%})" if found.control else ""
    return f"{one.metric} of {one.variant} {found.value:+.4g}{relative}, between {found.low:+.4g} and {found.high:+.4g}"


def _early(days: int) -> str:
    return "" if days >= LEAST_DAYS else f"; after {days} days, so not every weekday counts alike"
