"""Compares two prompts on the same requests, with the user as unit: a bootstrap for one read, a sequence for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.fixed_horizon import Difference, linearised
from components.experiments.sequential import always_valid
from components.metrics.bootstrap import Interval, mean_interval

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """How sure a comparison is, one-sided: a bound is on the wrong side of the truth at most so often.

    Attributes:
        read: of the bootstrap, which may be read once.
        sequential: of the confidence sequence, which may be read at any time and however often.
        samples: of the bootstrap.
        scale: an effect that matters; where the confidence sequence is narrowest.
    """

    read: float
    sequential: float
    samples: int
    scale: float


@dataclass(frozen=True)
class Paired:
    """Challenger minus champion of one metric, a mean over requests.

    Attributes:
        fixed: percentile bootstrap over users.
        sequence: always-valid; (mean, -inf, inf) with fewer than two users.
        std_error: of `fixed.mean`.
        effective_users: users of equal weight that would tell as much (Kish 1965).
    """

    champion: float
    challenger: float
    fixed: Interval
    sequence: Interval
    std_error: float
    users: int
    requests: int
    effective_users: float

    @property
    def difference(self) -> float:
        return self.fixed.mean


NOTHING = Paired(
    float("nan"),
    float("nan"),
    Interval(float("nan"), -float("inf"), float("inf")),
    Interval(float("nan"), -float("inf"), float("inf")),
    float("inf"),
    0,
    0,
    0.0,
)
"""What is known without a single request."""


def compare_paired(
    users: Sequence[str],
    champion: Values,
    challenger: Values,
    weights: Values,
    levels: Levels,
    rng: np.random.Generator,
) -> Paired:
    """The weighted mean over requests of `challenger - champion`, where requests of one user are not independent.

    The ratio of the weighted sums is linearised to one value per user (delta method), and users are resampled.

    Args:
        users: who made each request, (n_requests,).
        champion, challenger: the metric of each request, (n_requests,); rows where either is NaN are left out.
        weights: positive, (n_requests,).
    """
    known = np.isfinite(champion) & np.isfinite(challenger)
    if not known.any():
        return NOTHING
    rows = np.unique(np.asarray(users)[known], return_inverse=True)[1]
    one, other, weight = champion[known], challenger[known], weights[known]
    totals = np.bincount(rows, weights=weight * (other - one)).astype(np.float64)
    shares = np.bincount(rows, weights=weight).astype(np.float64)
    values = linearised(totals, shares)
    n_users = len(values)
    fixed = mean_interval(values, rng, levels.samples, 1 - 2 * levels.read)
    error = float(values.std(ddof=1) / n_users**0.5) if n_users > 1 else float("inf")
    means = float(weight @ one / weight.sum()), float(weight @ other / weight.sum())
    sequence = Interval(fixed.mean, -float("inf"), float("inf"))
    if n_users > 1:
        point = Difference(*means, fixed.mean, fixed.low, fixed.high, error, 1.0, (n_users, n_users))
        wide = always_valid(point, levels.scale, 2 * levels.sequential)
        sequence = Interval(fixed.mean, wide.low, wide.high)
    return Paired(
        *means, fixed, sequence, error, n_users, int(known.sum()), float(shares.sum() ** 2 / np.square(shares).sum())
    )
