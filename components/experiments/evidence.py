"""Computes everything that a reading of an experiment rests on: differences per metric, guardrail and segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.experiments.assignment import VariantShares
from components.experiments.cuped import adjust_users
from components.experiments.fixed_horizon import Difference, Values, compare_users, linearised
from components.experiments.holm import adjust_together
from components.experiments.power import LEVEL, POWER, MinimumEffect, Test
from components.experiments.sample_ratio import RatioHolds, RatioMismatch, RatioUnknown, check_sample_ratio
from components.experiments.sequential import always_valid


@dataclass(frozen=True)
class Declared:
    """What is fixed before the first user enters.

    Attributes:
        split: its first variant is the control.
        primary: name of the one metric that decides.
        planned_users: per variant, of `power.users_for_mean` or `users_for_rate`.
        planned_days: of `power.plan_experiment`.
    """

    split: VariantShares
    primary: str
    test: Test
    planned_users: int
    planned_days: int
    level: float = LEVEL
    power: float = POWER


@dataclass(frozen=True)
class Metric:
    """What users did, one row per user of the experiment.

    Attributes:
        total: per user; NaN is not allowed, a user who did nothing has 0. (n_users,)
        per: the denominators of a ratio such as impressions, (n_users,); None for a mean over users.
        minimum_effect: the smallest change worth knowing.
        better: the direction that users or the business want.
        before: covariates from before each user's assignment, (n_users, n_covariates), NaN where there is nothing.
        tolerance: of a guardrail, in the metric's unit: a worsening by so much is no harm.
    """

    name: str
    total: Values
    minimum_effect: MinimumEffect
    better: Literal["higher", "lower"] = "higher"
    per: Values | None = None
    before: Values | None = None
    tolerance: float = 0.0


@dataclass(frozen=True)
class VariantComparison:
    """One variant beside the control on one metric.

    Attributes:
        minimum_effect: in the metric's unit.
        variance_reduction: by what was known before assignment.
    """

    metric: str
    variant: str
    difference: Difference
    better: Literal["higher", "lower"]
    minimum_effect: float
    variance_reduction: float

    @property
    def gain(self) -> tuple[float, float, float]:
        """Low, value and high, turned so that more is better."""
        low, value, high = self.difference.low, self.difference.value, self.difference.high
        return (low, value, high) if self.better == "higher" else (-high, -value, -low)


@dataclass(frozen=True)
class ExperimentGuardrail:
    """A metric that a winner must not make worse; `p_harm` is one-sided, adjusted over all guardrails by Holm."""

    comparison: VariantComparison
    p_harm: float
    harmed: bool


@dataclass(frozen=True)
class ExperimentEvidence:
    """All that is known on the day of the reading; only `primary` and `guardrails` decide."""

    users: tuple[int, ...]
    sample_ratio: RatioHolds | RatioMismatch | RatioUnknown
    primary: tuple[VariantComparison, ...] = ()
    secondary: tuple[VariantComparison, ...] = ()
    guardrails: tuple[ExperimentGuardrail, ...] = ()
    segments: tuple[tuple[str, str, VariantComparison], ...] = ()


def weigh_ratio(declared: Declared, variant: NDArray[np.integer]) -> ExperimentEvidence:
    """Users per variant and whether they fall as declared, before any metric is looked at."""
    counts = tuple(int(users) for users in np.bincount(variant, minlength=len(declared.split.variants)))
    return ExperimentEvidence(counts, check_sample_ratio(counts, declared.split.shares))


def compare_variants(
    declared: Declared, metric: Metric, variant: NDArray[np.integer], lead: float = 0.0
) -> tuple[VariantComparison, ...]:
    """Every other variant beside the control; with several, the level is shared between them (Bonferroni).

    `lead` is put on every value of the control, so that the question becomes whether the others differ by more.

    Raises:
        ValueError: a variant has fewer than two users, or no denominators; or the test is sequential, and a relative
            minimum effect of a metric around 0 gives no scale.
    """
    values = _values(metric, variant)
    # Of all users, not of the control, so that errors which only the treatment has are on a scale too.
    scale = metric.minimum_effect.absolute(float(values.mean()))
    reduction = 0.0
    if metric.before is not None:
        adjusted = adjust_users(values, variant, metric.before)
        values, reduction = adjusted.values, adjusted.variance_reduction
    others = declared.split.variants[1:]
    level = declared.level / len(others)
    found = []
    for row, name in enumerate(others, start=1):
        difference = compare_users(values[variant == 0], values[variant == row], level)
        if lead and difference.std_error > 0:  # else rounding would make a spread of nothing
            difference = compare_users(values[variant == 0] + lead, values[variant == row], level)
        elif lead:
            beyond = difference.value - lead
            difference = replace(difference, value=beyond, low=beyond, high=beyond, p_value=float(beyond == 0))
        if declared.test == "sequential":
            difference = always_valid(difference, scale, level)
        found.append(VariantComparison(metric.name, name, difference, metric.better, scale, reduction))
    return tuple(found)


def guard(
    declared: Declared, guardrails: Sequence[Metric], variant: NDArray[np.integer]
) -> tuple[ExperimentGuardrail, ...]:
    """Each guardrail of each variant, and whether it was harmed at the declared level, over all together."""
    found = {
        (one.metric, one.variant): one for metric in guardrails for one in compare_variants(declared, metric, variant)
    }
    harms = {
        f"{one.metric}\0{one.variant}": _harm(one)
        for metric in guardrails
        for one in compare_variants(
            declared, metric, variant, metric.tolerance if metric.better == "lower" else -metric.tolerance
        )
    }
    adjusted = adjust_together(harms)
    return tuple(
        ExperimentGuardrail(one, adjusted["\0".join(key)], adjusted["\0".join(key)] <= declared.level)
        for key, one in found.items()
    )


def compare_segments(
    declared: Declared, metric: Metric, variant: NDArray[np.integer], segments: Mapping[str, NDArray[np.str_]]
) -> tuple[tuple[str, str, VariantComparison], ...]:
    """(kind, label, comparison) for each label, such as ("history", "cold", …); for looking, not for deciding.

    A segment must be known before assignment. Those with fewer than two users in a variant, or without denominators
    in one, are left out.
    """
    found = []
    for kind, labels in segments.items():
        for label in np.unique(labels):
            rows = labels == label
            part = Metric(
                metric.name,
                metric.total[rows],
                metric.minimum_effect,
                metric.better,
                None if metric.per is None else metric.per[rows],
                None if metric.before is None else metric.before[rows],
            )
            if has_values(part, variant[rows], len(declared.split.variants)):
                found += [(kind, str(label), one) for one in compare_variants(declared, part, variant[rows])]
    return tuple(found)


def has_values(metric: Metric, variant: NDArray[np.integer], variants: int) -> bool:
    """Whether each variant has two users or more and, for a ratio, denominators."""
    if np.bincount(variant, minlength=variants).min() < 2:
        return False
    return metric.per is None or bool(np.all(np.bincount(variant, weights=metric.per, minlength=variants) > 0))


def _values(metric: Metric, variant: NDArray[np.integer]) -> Values:
    values = metric.total.astype(np.float64)
    if metric.per is not None:
        for label in np.unique(variant):
            rows = variant == label
            values[rows] = linearised(values[rows], metric.per[rows])
    return values


def _harm(comparison: VariantComparison) -> float:
    """One-sided p-value of a change for the worse."""
    half = comparison.difference.p_value / 2
    return half if comparison.gain[1] < 0 else 1 - half
