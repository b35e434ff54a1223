"""How many requests an evaluation needs to find the planned gain."""

from __future__ import annotations

import math

from scipy.special import ndtri

from components.config.shadow import ShadowConfig


def users_to_plan(spread: float, policy: ShadowConfig) -> int:
    """Users at which the planned read finds `planned_gain` over `min_gain` with probability `power`.

    Args:
        spread: standard deviation over users of their mean difference between the prompts, such as of an evaluation
            that is over: `std_error * sqrt(users)`.

    Raises:
        ValueError: the planned gain is not above the minimum.
    """
    effect = policy.planned_gain - policy.min_gain
    if effect <= 0:
        raise ValueError(f"planned_gain {policy.planned_gain:g} must be above min_gain {policy.min_gain:g}")
    signal = float(ndtri(1 - policy.read_level)) + float(ndtri(policy.power))
    return math.ceil((signal * spread / effect) ** 2)
