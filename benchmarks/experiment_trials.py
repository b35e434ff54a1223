"""Repeats simulated experiments whose truth is known, and counts how often the statistics tell it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.request_level import request_level_p_value
from components.experiments.cuped import adjust_users
from components.experiments.fixed_horizon import Difference, compare_users, linearised
from components.experiments.power import MinimumEffect, Test, users_for_mean
from components.experiments.sample_ratio import RatioMismatch, check_sample_ratio
from components.experiments.sequential import always_valid
from components.simulation.click_model import examination
from components.simulation.experiment import ExperimentCourse, Simulated, simulate_experiment
from components.simulation.population import Shape, expected_metrics

SHAPE = Shape()
EXAMINED = examination(5)
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Active:
    """The users who have asked until the end of a period, with what they were shown and clicked until then."""

    variant: NDArray[np.int64]
    clicks: Values
    impressions: Values
    rate: Values
    """Linearised clicks per impression."""


def active_users(simulated: Simulated, periods: int) -> tuple[Active, NDArray[np.bool_]]:
    """Those active in the first `periods`, and which rows of the simulation they are."""
    impressions = simulated.impressions[:, :periods].sum(axis=1)
    rows = impressions > 0
    variant = simulated.variant[rows]
    clicks = simulated.clicks[rows, :periods].sum(axis=1).astype(np.float64)
    shown = impressions[rows].astype(np.float64)
    rate = np.empty_like(clicks)
    for label in (0, 1):
        rate[variant == label] = linearised(clicks[variant == label], shown[variant == label])
    return Active(variant, clicks, shown, rate), rows


def rate_difference(active: Active) -> Difference:
    """Clicks per impression of treatment and control, with the user as unit."""
    return compare_users(active.rate[active.variant == 0], active.rate[active.variant == 1])


def request_p_value(active: Active) -> float:
    """The same question with the impression as unit."""
    sums = [
        [int(each[active.variant == label].sum()) for label in (0, 1)] for each in (active.clicks, active.impressions)
    ]
    return request_level_p_value((sums[0][0], sums[0][1]), (sums[1][0], sums[1][1]))


@dataclass(frozen=True)
class FoundOnce:
    """Share of the runs in which a test, read once at the end, calls the variants different."""

    fixed: float
    request_level: float


def read_once(seed: int, runs: int, users: int, days: int, lift: float) -> FoundOnce:
    """Experiments read when `days` have passed, with the user and with the impression as unit; see `read_daily`."""
    counts = np.zeros(2)
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        active, _ = active_users(simulate_experiment(rng, users, ExperimentCourse(1, days), SHAPE, lift, EXAMINED), 1)
        counts += [rate_difference(active).p_value <= 0.05, request_p_value(active) <= 0.05]
    return FoundOnce(*(counts / runs).tolist())


@dataclass(frozen=True)
class Found:
    """Share of the runs in which each way of reading calls the variants different."""

    fixed: float
    request_level: float
    sequential_daily: float
    fixed_daily: float
    users_per_variant: float


def read_daily(
    seed: int,
    runs: int,
    users: int,
    days: int,
    lift: float,
    minimum_effect: float,
    course: ExperimentCourse | None = None,
) -> Found:
    """Experiments read at the end of every day by each test, and at the end of the last one.

    `users` are there in both variants together; those who never ask are not counted. `lift` 0 makes A/A tests.
    `minimum_effect` is relative, and scales the sequential test. `course` may bring a weekly rhythm and people who come
    back for days; by default every day is alike, and every person every day.
    """
    scale = minimum_effect * expected_metrics(SHAPE, days, EXAMINED).clicks_per_impression
    counts = np.zeros(5)
    for run in range(runs):
        simulated = simulate_experiment(
            np.random.default_rng([seed, run]), users, course or ExperimentCourse(days), SHAPE, lift, EXAMINED
        )
        sequential = fixed = last = False
        for day in range(1, days + 1):
            active, _ = active_users(simulated, day)
            difference = rate_difference(active)
            last = difference.p_value <= 0.05
            fixed |= last
            sequential |= always_valid(difference, scale).p_value <= 0.05
        counts += [last, request_p_value(active) <= 0.05, sequential, fixed, len(active.clicks) / 2]
    return Found(*(counts / runs).tolist())


@dataclass(frozen=True)
class Detected:
    """The plan for a relative effect, and the share of runs of that size in which it was found."""

    planned_users: int
    detected: float


def detect_planned(seed: int, runs: int, days: int, effect: float, test: Test) -> Detected:
    """Plan by a large A/A sample of the same population, then run the planned experiment; sequential is read daily."""
    pilot = simulate_experiment(
        np.random.default_rng([seed, 0]), 400_000, ExperimentCourse(1, days), SHAPE, 0.0, EXAMINED
    )
    rate = active_users(pilot, 1)[0].rate
    planned = users_for_mean(float(rate.mean()), float(rate.std()), MinimumEffect(effect, "relative"), test)
    users = math.ceil(2 * planned / expected_metrics(SHAPE, days, EXAMINED).active)
    if test == "sequential":
        return Detected(planned, read_daily(seed, runs, users, days, effect, effect).sequential_daily)
    return Detected(planned, read_once(seed, runs, users, days, effect).fixed)


@dataclass(frozen=True)
class Coverage:
    """How one metric's 95 % interval did over all runs.

    Attributes:
        bias: mean error of the estimate, as a share of the true difference.
        bias_error: its standard error.
        variance_reduction: as each run reports it, on average.
        narrowed: 1 - variance of the estimates over runs / that without CUPED; what the reduction claims to be.
    """

    covered: float
    bias: float
    bias_error: float
    variance_reduction: float
    narrowed: float


def cover(seed: int, runs: int, users: int, days: int, lift: float) -> dict[str, Coverage]:
    """Intervals for clicks per impression and clicks per user against the exact truth, plain and with CUPED."""
    ends = [expected_metrics(SHAPE, days, EXAMINED, each) for each in (0.0, lift)]
    truths = {
        "clicks per impression": ends[1].clicks_per_impression - ends[0].clicks_per_impression,
        "clicks per user": ends[1].clicks_per_user - ends[0].clicks_per_user,
    }
    names = [(metric, way) for metric in truths for way in ("plain", "CUPED")]
    estimates, hits, reductions = (np.zeros((runs, len(names))) for _ in range(3))
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        simulated = simulate_experiment(rng, users, ExperimentCourse(1, days), SHAPE, lift, EXAMINED)
        active, rows = active_users(simulated, 1)
        shown, clicked = simulated.impressions_before[rows], simulated.clicks_before[rows]
        known = shown > 0
        rate_before, clicks_before = np.full(len(shown), np.nan), np.where(known, clicked, np.nan)
        rate_before[known] = linearised(clicked[known].astype(np.float64), shown[known].astype(np.float64))
        plain = {"clicks per impression": (active.rate, rate_before), "clicks per user": (active.clicks, clicks_before)}
        for column, (metric, way) in enumerate(names):
            values, before = plain[metric]
            if way == "CUPED":
                adjusted = adjust_users(values, active.variant, before[:, None])
                values, reductions[run, column] = adjusted.values, adjusted.variance_reduction
            difference = compare_users(values[active.variant == 0], values[active.variant == 1])
            estimates[run, column] = difference.value
            hits[run, column] = difference.low <= truths[metric] <= difference.high
    variances = estimates.var(axis=0)
    return {
        f"{metric}, {way}": Coverage(
            covered=float(hits[:, column].mean()),
            bias=float(estimates[:, column].mean() / truths[metric] - 1),
            bias_error=float((variances[column] / runs) ** 0.5 / truths[metric]),
            variance_reduction=float(reductions[:, column].mean()),
            narrowed=float(1 - variances[column] / variances[column - column % 2]),
        )
        for column, (metric, way) in enumerate(names)
    }


def catch_uneven(seed: int, runs: int, users: int, treatment_share: float) -> float:
    """Share of runs in which a declared 50/50 split is called a mismatch, when users fall by `treatment_share`."""
    treated = np.random.default_rng(seed).binomial(users, treatment_share, size=runs)
    caught = (
        isinstance(check_sample_ratio((users - each, each), (0.5, 0.5)), RatioMismatch) for each in treated.tolist()
    )
    return sum(caught) / runs
