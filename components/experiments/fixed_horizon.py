"""Computes the difference of a metric between two variants, with the user as unit, to be read once, when planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Treatment minus control, in the metric's unit, with the interval that holds it with probability 1 - level.

    Attributes:
        control: mean of the control.
        treatment: mean of the treatment.
        std_error: standard deviation of `value` over repetitions of the experiment.
        p_value: two-sided, of no difference.
        users: in control and treatment.
    """

    control: float
    treatment: float
    value: float
    low: float
    high: float
    std_error: float
    p_value: float
    users: tuple[int, int]


def linearised(numerator: Values, denominator: Values) -> Values:
    """One value per user whose mean is the ratio of the sums, and whose variance over n is the ratio's variance.

    A ratio such as clicks per impression is not a mean over users, and its impressions are not independent. The delta
    method replaces it by R + (numerator - R * denominator) / mean(denominator) per user (Deng, Knoblich and Lu,
    "Applying the Delta Method in Metric Analytics", KDD 2018). Both arguments are (n_users,), of one variant; a user
    with denominator 0 stays in and weighs nothing.

    Raises:
        ValueError: the denominators sum to 0, so that there is no ratio.
    """
    total = float(denominator.sum())
    if total <= 0:
        raise ValueError("a ratio needs a positive sum of denominators")
    ratio = float(numerator.sum()) / total
    return np.asarray(ratio + (numerator - ratio * denominator) / denominator.mean(), dtype=np.float64)


def compare_users(control: Values, treatment: Values, level: float = 0.05) -> Difference:
    """Welch's test on one value per user: (n_control,), (n_treatment,); linearise ratios first.

    Without spread in either variant the interval is a point, and p is 1 if that is 0 and 0 otherwise.

    Raises:
        ValueError: a variant has fewer than two users, so that its spread is unknown.
    """
    sizes = len(control), len(treatment)
    if min(sizes) < 2:
        raise ValueError(f"each variant needs two users or more: {sizes}")
    means = float(control.mean()), float(treatment.mean())
    parts = float(control.var(ddof=1)) / sizes[0], float(treatment.var(ddof=1)) / sizes[1]
    value, variance = means[1] - means[0], sum(parts)
    if variance == 0:
        return Difference(*means, value, value, value, 0.0, float(value == 0), sizes)
    error = variance**0.5
    freedom = variance**2 / (parts[0] ** 2 / (sizes[0] - 1) + parts[1] ** 2 / (sizes[1] - 1))
    reach = float(stdtrit(freedom, 1 - level / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(value) / error))
    return Difference(*means, value, value - reach, value + reach, error, p_value, sizes)
