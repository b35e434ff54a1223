"""The usual wrong test of a click-through rate, kept to show how wrong: each impression is taken to be independent."""

from __future__ import annotations

import math

from scipy.special import ndtr


def request_level_p_value(clicks: tuple[int, int], impressions: tuple[int, int]) -> float:
    """Two-sided p-value of the two-proportion z test, with control and treatment's sums over all impressions."""
    shares = [clicked / shown for clicked, shown in zip(clicks, impressions, strict=True)]
    pooled = sum(clicks) / sum(impressions)
    error = math.sqrt(pooled * (1 - pooled) * sum(1 / shown for shown in impressions))
    return 2 * float(ndtr(-abs(shares[1] - shares[0]) / error))
