"""A prompt is promoted as its gain allows: hardly ever at the minimum gain, nearly always at the planned one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.stated_params import stated
from components.config.shadow import ShadowConfig
from components.shadow.decision import Promote, decide
from components.shadow.paired import NOTHING, Levels, compare_paired
from components.shadow.plan import users_to_plan
from tests.components.shadow.test_decision import evidence

POLICY = stated(ShadowConfig, bootstrap_samples=500)
SPREAD = 0.25
"""Of a user's mean difference; NDCG@10 of two prompts for one request differs by about as much."""
PROMOTED_WRONGLY = POLICY.read_level + POLICY.sequential_level


def promoted(gain: float, runs: int, seed: int) -> float:
    """Share of evaluations, each of as many users as planned, that promote a challenger of this true gain.

    Users differ by two thirds of the spread's variance, with heavy tails, and their two requests by the rest.
    """
    levels = Levels(POLICY.read_level, POLICY.sequential_level, POLICY.bootstrap_samples, POLICY.planned_gain)
    n = users_to_plan(SPREAD, POLICY)
    users = np.repeat(np.arange(n), 2)
    names = users.astype(str).tolist()
    found = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        of_user = rng.standard_t(4, n) / 2**0.5 * SPREAD * (2 / 3) ** 0.5
        of_request = rng.standard_normal(2 * n) * SPREAD * (2 / 3) ** 0.5
        champion = np.full(2 * n, 0.4)
        paired = compare_paired(
            names, champion, champion + gain + of_user[users] + of_request, np.ones(2 * n), levels, rng
        )
        sources = {"explored": NOTHING, "later": paired, "all": paired, "listed": NOTHING}
        found += isinstance(decide(evidence(cases=2 * n, target=paired, by_source=sources), POLICY, "planned"), Promote)
    return found / runs


def reach(share: float, runs: int) -> float:
    """Three standard errors."""
    return 3 * float(np.sqrt(share * (1 - share) / runs))


@pytest.mark.parametrize("runs", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_the_minimum_gain_is_a_law_by_rate(runs: int) -> None:
    """Of 300 evaluations at the minimum gain itself, at most the stated share is promoted, and fewer without a gain."""
    at_none, at_minimum, at_planned = (
        promoted(gain, runs, seed) for seed, gain in enumerate((0.0, POLICY.min_gain, POLICY.planned_gain))
    )
    assert at_none <= at_minimum + reach(PROMOTED_WRONGLY, runs)
    assert at_minimum <= PROMOTED_WRONGLY + reach(PROMOTED_WRONGLY, runs)
    assert at_planned >= POLICY.power - reach(POLICY.power, runs)
