"""The monitor's rule as it was before it learnt the noise: a normal noise of 1 % is assumed, and slowly corrected."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from components.quality.drop import Drop, relative_drop
from components.quality.noise import without_noise
from monitoring.rules.quality_drop import DropLimits, QualityHistory, window_pairs

LOOKBACKS = (1, 3, 7)
ASSUMED = 0.01
PRIOR_WINDOWS = 7.0


def fell_beyond_assumed_noise(history: QualityHistory, limits: DropLimits) -> bool:
    """Whether that rule would have fired on the newest window."""
    level = limits.alpha / (limits.history_windows * len(LOOKBACKS))
    end = len(history.windows)
    calm = [
        drop
        for place in range(end - max(LOOKBACKS))
        if (drop := _drop(history, place + 1, 1, 0.0, level, limits)) is not None
    ]
    measured = sum((drop.relative**2 - error**2) / 2 for drop, error in calm)
    noise = float(np.sqrt((PRIOR_WINDOWS * ASSUMED**2 + max(measured, 0.0)) / (PRIOR_WINDOWS + len(calm))))
    for count in LOOKBACKS:
        found = _drop(history, end, count, noise, level, limits)
        if found is None:
            continue
        drop, error = found
        low = drop.relative - float(stdtrit(drop.chance.buckets - 1, 1 - level)) * error
        if drop.relative > limits.max_drop and low > 0:
            return True
    return False


def _drop(
    history: QualityHistory, end: int, count: int, noise: float, level: float, limits: DropLimits
) -> tuple[Drop, float] | None:
    """The fall of the `count` windows before `end`, and its standard error."""
    pairs = window_pairs(history, end, count, limits)
    drop = relative_drop(pairs, level, without_noise()) if pairs else None
    if drop is None or drop.requests < limits.min_requests:
        return None
    requests = np.array([pair.current.n_requests for pair in pairs])
    shares = requests / requests.sum()
    again = 1 + 1 / np.array([max(len(pair.references), 1) for pair in pairs])
    by_windows = noise * (1 - drop.relative) * np.sqrt((shares**2 * again).sum())
    return drop, float(np.hypot(np.sqrt(drop.chance.by_users), by_windows))
