"""Plans an interleaved experiment: how many users and days it takes, going by what was measured beside A/B tests."""

from __future__ import annotations

import math

from components.experiments.power import ExperimentPlan

ALIKE, UNLIKE = 1 / 15, 4 / 9
"""Of the users of an A/B test on clicks per item shown, at which the better of two rankings was preferred nine times of
ten: two that differ in few places, where the better one is nearly always better, and two that have nothing in common.
By benchmarks/interleaving.py, at the effect and power that the A/B test is planned for, where people ask at most five
times: what counts is clicks, so that it takes a smaller share of people who come more often."""
LEAST_DAYS = 7
"""So that each weekday counts once. Both variants meet every hour alike, so that a second week evens nothing out."""


def plan_interleaving(users_per_variant: int, users_per_day: float) -> ExperimentPlan:
    """Users, all of whom compare both, as two unlike rankings take them, and whole weeks until they have come.

    Args:
        users_per_variant: of an A/B test of two variants for the same effect.
        users_per_day: users who come for the first time, per day.

    Raises:
        ValueError: no users come.
    """
    if users_per_day <= 0:
        raise ValueError(f"nobody enters the experiment: {users_per_day} users a day")
    of_ab = 2 * users_per_variant
    users, alike = math.ceil(of_ab * UNLIKE), math.ceil(of_ab * ALIKE)
    told = (
        f"measured, not proven: where an A/B test takes {of_ab:,} users, two versions of one model, which differ in "
        f"few places, were told apart by {alike:,}, rankings that share half of their errors by a quarter, strangers "
        "by four ninths. The plan is for strangers; a sequential test may end sooner"
    )
    return ExperimentPlan(users, 7 * max(LEAST_DAYS // 7, math.ceil(users / users_per_day / 7)), (told,))
