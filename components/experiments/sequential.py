"""Computes an interval and a p-value that stay true however often, and until whenever, an experiment is read."""

from __future__ import annotations

import math
from dataclasses import replace

from components.experiments.fixed_horizon import Difference


def always_valid(difference: Difference, scale: float, level: float = 0.05) -> Difference:
    """The same difference with a confidence sequence and an always-valid p-value in place of the fixed ones.

    The likelihood ratio of a normal estimate is mixed over effects N(0, scale²); by Ville's inequality it exceeds
    1/level at any time with probability at most `level` (Robbins 1970; mixture SPRT of Johari, Koomen, Pekelis and
    Walsh, "Always Valid Inference", Operations Research 2022). With an estimated standard error this holds in the
    limit of many users: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 2024; so do not read before some hundred users.

    Args:
        difference: of `compare_users`, at any time.
        scale: an effect that would matter, fixed before the start and in the metric's unit: the minimum effect of the
            plan. It does not touch validity, only where the interval is narrowest: near the planned size.
        level: share of experiments without effect that are ever called different, over all reads together.

    Raises:
        ValueError: `scale` is not positive.
    """
    if difference.std_error == 0:
        return difference
    if scale <= 0:
        raise ValueError(f"the scale of an effect is positive: {scale}")
    ratio = (scale / difference.std_error) ** 2
    reach = critical_value(ratio, level) * difference.std_error
    z = difference.value / difference.std_error
    log_mixture = z**2 * ratio / (2 * (1 + ratio)) - math.log1p(ratio) / 2
    return replace(
        difference,
        low=difference.value - reach,
        high=difference.value + reach,
        p_value=math.exp(-max(log_mixture, 0.0)),
    )


def critical_value(ratio: float, level: float) -> float:
    """Standard errors that an estimate must be from 0 to count, where `ratio` is (scale / standard error)²; the fixed
    test's is 1.96 at the level .05.
    """
    return math.sqrt((1 + 1 / ratio) * (math.log1p(ratio) - 2 * math.log(level)))
