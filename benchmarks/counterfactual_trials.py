"""Repeats logs of an exploring policy, and holds the estimate of another policy against its known value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.counterfactual import Estimate, estimate_value
from components.simulation.click_model import examination
from components.simulation.exploration import simulate_exploration
from components.simulation.population import Shape, draw_population, expected_metrics

SHAPE = Shape()
EXAMINED = examination(5)


@dataclass(frozen=True)
class Counterfactual:
    """How the estimate of another policy's clicks per open position did over all runs.

    Attributes:
        logged: true value of the policy that logged, relative to the target's, less 1: the error of not correcting.
        refused: share of runs that give no number; the other numbers are of the rest, NaN without any.
        bias: relative to the truth.
        std: of the estimates, relative to the truth.
    """

    logged: float
    refused: float
    bias: float
    std: float
    covered: float
    effective_users: float
    clipped_share: float


def estimate_other_policy(seed: int, runs: int, users: int, share: float, clip: float | None = None) -> Counterfactual:
    """A policy with noisy scores logs 14 days, exploring in `share` of requests; the target has better scores.

    Ten candidates for five positions; a candidate's relevance is the user's taste times its quality, uniform in (0, 1).
    """
    exact = expected_metrics(SHAPE, 14, EXAMINED).clicks_per_impression
    quality, logged, target = _orders(np.random.default_rng([seed, 0]), 300_000)
    truths = [
        exact * float((np.take_along_axis(quality, order, axis=1) @ EXAMINED).mean() / EXAMINED.sum())
        for order in (logged, target)
    ]
    found: list[Estimate] = []
    for run in range(runs):
        rng = np.random.default_rng([seed, 1, run])
        population = draw_population(rng, users, SHAPE)
        quality, logged, target = _orders(rng, users)
        requests = rng.poisson(population.requests_per_day * 14)
        log = simulate_exploration(rng, requests, population.taste[:, None] * quality, logged, share, EXAMINED)
        agrees = (target[log.user, log.position] == log.item).astype(np.float64)
        estimate = estimate_value(log.user, log.clicked, log.propensity, agrees, clip)
        found += [estimate] if isinstance(estimate, Estimate) else []
    refused = 1 - len(found) / runs
    if not found:
        return Counterfactual(truths[0] / truths[1] - 1, refused, *[math.nan] * 5)
    values = np.array([each.value for each in found]) / truths[1]
    return Counterfactual(
        logged=truths[0] / truths[1] - 1,
        refused=refused,
        bias=float(values.mean() - 1),
        std=float(values.std()),
        covered=sum(each.low <= truths[1] <= each.high for each in found) / len(found),
        effective_users=float(np.mean([each.support.effective_users for each in found])),
        clipped_share=float(np.mean([each.support.clipped_share for each in found])),
    )


def _orders(rng: np.random.Generator, users: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    quality = rng.random((users, 10))
    orders = [np.argsort(-(quality + noise * rng.standard_normal((users, 10))), axis=1)[:, :5] for noise in (0.5, 0.2)]
    return quality, orders[0], orders[1]
