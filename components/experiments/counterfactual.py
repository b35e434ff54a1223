"""Estimates what another policy would have earned from what a partly random one logged, or says why it cannot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from components.experiments.fixed_horizon import Values, linearised

LEAST_EFFECTIVE_USERS = 100.0
MOST_CLIPPED = 0.02
WEIGHT_ERRORS = 4.0


@dataclass(frozen=True)
class Support:
    """How much of the log speaks about the target policy.

    Attributes:
        effective_users: users of equal weight that would tell as much: (sum of weights)² / sum of squared weights,
            over the users' summed weights (Kish 1965).
        mean_weight: before clipping; 1 when the propensities are true and every action of the target could occur.
        clipped_share: share of the weight that clipping takes; the bias is at most this share of the reward's range.
    """

    effective_users: float
    mean_weight: float
    clipped_share: float


@dataclass(frozen=True)
class Estimate:
    """Mean reward per action under the target policy, with the interval that holds it with probability 1 - level."""

    value: float
    low: float
    high: float
    support: Support


@dataclass(frozen=True)
class TooLittleSupport:
    """No number, and why."""

    reason: str
    support: Support


def estimate_value(
    user: NDArray[np.integer],
    reward: Values,
    propensity: Values,
    target: Values,
    clip: float | None = None,
    level: float = 0.05,
) -> Estimate | TooLittleSupport:
    """Self-normalised, clipped inverse propensity scoring (Swaminathan and Joachims, NeurIPS 2015).

    Each logged action weighs target / propensity, at most `clip`; the value is the weighted mean of the rewards. The
    interval takes the user as unit, by the delta method on the users' sums, with Student's t: when few users carry
    the weight its degrees of freedom are few, as the fourth moment tells (Satterthwaite 1946).
    It is refused with fewer than 100 effective users, when clipping takes over 2 % of the weight, or when the mean
    weight is over four standard errors from 1: then the logged propensities are wrong, or the target shows what the
    logging policy never shows.

    Args:
        user: of each logged action, (n_actions,), any integers.
        reward: such as 1 for a click, (n_actions,).
        propensity: probability with which the logging policy showed the action, in (0, 1].
        target: probability with which the target policy shows it, in [0, 1].
        clip: highest weight; by default the square root of n_actions, at which the bias vanishes as the log grows
            (Ionides, "Truncated Importance Sampling", JCGS 2008).

    Raises:
        ValueError: lengths differ, or a probability is out of range.
    """
    if not len(user) == len(reward) == len(propensity) == len(target):
        raise ValueError(f"not one of each: {len(user)}, {len(reward)}, {len(propensity)}, {len(target)}")
    if not (np.all((propensity > 0) & (propensity <= 1)) and np.all((target >= 0) & (target <= 1))):
        raise ValueError("propensities lie in (0, 1] and the target's probabilities in [0, 1]")
    raw = target / propensity
    if not raw.sum() > 0:
        return TooLittleSupport("no logged action is one the target policy would take", Support(0.0, 0.0, 0.0))
    weights = np.minimum(raw, math.sqrt(len(raw)) if clip is None else clip)
    rows = np.unique(user, return_inverse=True)[1]
    weight_of, raw_of, reward_of = (_summed(rows, each) for each in (weights, raw, weights * reward))
    actions_of = _summed(rows, np.ones_like(raw))
    support = Support(
        effective_users=float(weight_of.sum() ** 2 / np.square(weight_of).sum()),
        mean_weight=float(raw.mean()),
        clipped_share=float(1 - weights.sum() / raw.sum()),
    )
    reason = _refusal(support, _error(linearised(raw_of, actions_of)))
    if reason is not None:
        return TooLittleSupport(reason, support)
    values = linearised(reward_of, weight_of)
    reach = float(stdtrit(_freedom(values), 1 - level / 2)) * _error(values)
    value = float(values.mean())
    return Estimate(value, value - reach, value + reach, support)


def _summed(rows: NDArray[np.integer], amounts: Values) -> Values:
    return np.bincount(rows, weights=amounts).astype(np.float64)


def _error(values: Values) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


def _freedom(values: Values) -> float:
    """Degrees of freedom of the variance of `values`: 2 / its own relative variance; n for normal values."""
    squares = np.square(values - values.mean())
    if not squares.sum() > 0:
        return float(len(values))
    relative = float(np.square(squares).sum() / squares.sum() ** 2) - 1 / len(values)
    return 2 / max(relative, 2 / len(values))


def _refusal(support: Support, weight_error: float) -> str | None:
    if support.effective_users < LEAST_EFFECTIVE_USERS:
        return (
            f"the log is worth {support.effective_users:.0f} users, fewer than {LEAST_EFFECTIVE_USERS:.0f}: "
            "explore a larger share, or compare with a policy nearer to the one that logged"
        )
    if support.clipped_share > MOST_CLIPPED:
        return f"clipping takes {support.clipped_share:.1%} of the weight, over {MOST_CLIPPED:.0%}: the bias is unknown"
    if abs(support.mean_weight - 1) > WEIGHT_ERRORS * weight_error:
        return (
            f"the mean weight is {support.mean_weight:.3f}, where true propensities give 1: they are logged wrongly, "
            "or the target shows what was never shown"
        )
    return None
