"""By how much windows differ from one another beyond what chance among their users explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.quality.drop import Drop

PRIOR_WINDOWS = 7.0
"""How many windows the assumed noise counts as, beside the measured ones."""


def window_noise(calm: Sequence[Drop], assumed: float) -> float:
    """Relative standard deviation of a window, from drops between calm windows that were taken with no noise.

    What their squares exceed their own variances by is the noise of two windows (method of moments, DerSimonian and
    Laird 1986). `assumed` is what holds before anything is measured; it weighs as `PRIOR_WINDOWS` windows.
    """
    # Each may be negative, and only their sum is cut at zero: cutting each one would always find noise.
    measured = sum((drop.relative**2 - drop.error**2) / 2 for drop in calm)
    return float(np.sqrt((PRIOR_WINDOWS * assumed**2 + max(measured, 0.0)) / (PRIOR_WINDOWS + len(calm))))
