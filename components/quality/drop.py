"""How far a quality has fallen against comparable windows, with an interval that is clustered by user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from components.quality.window import Window

MIN_BUCKETS = 8
"""With users in fewer buckets than these nothing is known of how users differ, and there is no interval."""

MIN_REFERENCE_REQUESTS = 30.0
"""A stratum with fewer requests in the reference is left out of the comparison, on both sides."""


@dataclass(frozen=True)
class ComparedWindows:
    """A window, and the earlier ones that it is held against, as one."""

    current: Window
    reference: Window
    reference_windows: int = 1


@dataclass(frozen=True)
class Drop:
    """A relative fall: .08 is 8 % less than the reference; negative is a rise.

    Attributes:
        before: mean quality of the reference, with the weekdays, hours and strata of the current windows.
        after: mean quality of the current windows.
        low, high: ends of the interval of `relative`.
        error: standard error of `relative`.
        p_value: one-sided, of no fall.
        matched: share of the current requests that had something to be held against.
        requests: that were compared, in the current windows.
    """

    before: float
    after: float
    relative: float
    low: float
    high: float
    error: float
    p_value: float
    matched: float
    requests: float


def relative_drop(pairs: Sequence[ComparedWindows], level: float, window_noise: float) -> Drop | None:
    """The fall over all pairs together; None where nothing can be compared, or where there are too few users.

    The reference is reweighted to the current windows: each pair and each stratum of it (warm, cold) weighs as much as
    it has requests now, so a change of the mix, or of the hours people come, is no fall (direct standardisation).

    The standard error is that of the delete-one-bucket jackknife of the whole ratio (Efron 1982), so that requests of a
    user count together, and users who are in both periods cancel. `window_noise` comes on top.

    Args:
        level: one-sided error of the lower end; the interval holds 1 - 2 * level.
        window_noise: standard deviation, relative, by which windows differ beyond what their users explain.
    """
    requests, gain, reference_requests, reference_gain = (
        np.concatenate(parts)
        for parts in (
            [pair.current.requests for pair in pairs],
            [pair.current.gain for pair in pairs],
            [pair.reference.requests for pair in pairs],
            [pair.reference.gain for pair in pairs],
        )
    )
    total = requests.sum()
    usable = (reference_requests.sum(axis=1) >= MIN_REFERENCE_REQUESTS) & (requests.sum(axis=1) > 0)
    compared = requests[usable].sum()
    if not compared:
        return None
    parts = tuple(each[usable] for each in (requests, gain, reference_requests, reference_gain))
    before, after = _means(*(part.sum(axis=1, keepdims=True) for part in parts))
    if not before[0] > 0:
        return None
    value = float(1 - after[0] / before[0])
    left_before, left_after = _means(*(part.sum(axis=1, keepdims=True) - part for part in parts))
    # A bucket without users takes nothing away when it is left out, and is no sign of how users differ.
    used = (parts[0].sum(axis=0) > 0) | (parts[2].sum(axis=0) > 0)
    buckets = int(used.sum())
    if buckets < MIN_BUCKETS:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = 1 - left_after[used] / left_before[used]
    if not np.isfinite(left_out).all():
        return None
    error = float(np.sqrt((buckets - 1) / buckets * ((left_out - left_out.mean()) ** 2).sum()))
    shares = np.array([pair.current.n_requests for pair in pairs]) / total
    again = 1 + 1 / np.array([pair.reference_windows for pair in pairs])
    error = float(np.hypot(error, window_noise * (1 - value) * np.sqrt((shares**2 * again).sum())))
    reach = float(stdtrit(buckets - 1, 1 - level)) * error
    p_value = float(stdtr(buckets - 1, -value / error)) if error > 0 else float(value <= 0)
    return Drop(
        float(before[0]),
        float(after[0]),
        value,
        value - reach,
        value + reach,
        error,
        p_value,
        float(compared / total),
        float(compared),
    )


def _means(
    requests: NDArray[np.float64],
    gain: NDArray[np.float64],
    reference_requests: NDArray[np.float64],
    reference_gain: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of the reweighted reference and of the current windows; arguments are (n_strata, n), as are no results."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = requests / requests.sum(axis=0)
        before = (weights * np.nan_to_num(reference_gain / reference_requests)).sum(axis=0)
        after = gain.sum(axis=0) / requests.sum(axis=0)
    return before, after
