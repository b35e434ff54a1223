"""How far a quality has fallen against comparable windows, with an interval that is clustered by user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, stdtr, stdtrit

from components.quality.noise import WindowNoise
from components.quality.window import Window, pool

MIN_BUCKETS = 8
"""With users in fewer buckets than these nothing is known of how users differ, and there is no interval."""

POWER = 0.9
"""Of finding the least fall that is called visible."""

MIN_REFERENCE_REQUESTS = 30.0
"""A stratum with fewer requests in the reference is left out of the comparison, on both sides."""


ONE_SIDED = 0.05
"""The error that `Drop.error` is cut to: the interval at this level is that of a normal with this standard error."""

ONE_WINDOW_TAIL = 3.0
"""Degrees of freedom of the noise of a single window: a holiday is many standard deviations away. Each further window
that a fall lasts adds one."""


@dataclass(frozen=True)
class ComparedWindows:
    """A window at a place in time (counted in windows), and the earlier ones that it is held against."""

    current: Window
    references: tuple[Window, ...]
    place: int = 0
    reference_places: tuple[int, ...] = (-1,)

    @property
    def reference(self) -> Window:
        """The earlier ones as one; without any, one without requests."""
        if self.references:
            return pool(self.references)
        return Window(self.current.start, self.current.seconds, 0 * self.current.requests, 0 * self.current.gain)


@dataclass(frozen=True)
class Chance:
    """How far a fall is off by chance, under each guess of the noise; all (n_guesses,)."""

    by_users: float
    by_windows: NDArray[np.float64]
    weights: NDArray[np.float64]
    buckets: int
    windows: float

    @classmethod
    def of(cls, by_users: float, buckets: int, pairs: Sequence[ComparedWindows], noise: WindowNoise) -> Chance:
        places: dict[int, float] = {}
        matched = [pair for pair in pairs if pair.references]
        total = sum(pair.current.n_requests for pair in matched)
        shares = [pair.current.n_requests / total for pair in matched]
        for pair, share in zip(matched, shares, strict=True):
            places[pair.place] = places.get(pair.place, 0.0) + share
            of = sum(each.n_requests for each in pair.references)
            for place, each in zip(pair.reference_places, pair.references, strict=True):
                places[place] = places.get(place, 0.0) - share * each.n_requests / of
        variances = noise.variances(list(places), np.array(list(places.values())))
        return cls(by_users, variances, noise.weights, buckets, 1 / sum(share**2 for share in shares))

    def scaled(self, factor: float) -> Chance:
        """Noise is relative, so a quality that has fallen is off by less of what it was."""
        return Chance(self.by_users, self.by_windows * factor**2, self.weights, self.buckets, self.windows)

    def beyond(self, value: float) -> float:
        """Chance that no fall looks like one of `value` or more."""
        freedom, deviation = self._spread()
        if not deviation.any():
            return float(value <= 0)
        with np.errstate(divide="ignore"):
            return float(self.weights @ stdtr(freedom, -value / deviation))

    def reach(self, level: float) -> float:
        """The value that chance exceeds with this probability."""
        freedom, deviation = self._spread()
        if not deviation.any():
            return 0.0
        ends = -stdtrit(freedom, level) * deviation
        with np.errstate(divide="ignore"):
            return float(
                brentq(
                    lambda value: self.weights @ stdtr(freedom, -value / deviation) - level,
                    ends.min() * (1 - 1e-9),
                    ends.max() * (1 + 1e-9),
                    xtol=1e-5,
                    rtol=1e-4,
                )
            )

    def _spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees of freedom and scale under each guess: few windows have heavy tails, users those of their buckets."""
        variance = self.by_users + self.by_windows
        share = self.by_windows / np.maximum(variance, 1e-300)
        freedom = np.minimum((ONE_WINDOW_TAIL - 1 + self.windows) / np.maximum(share, 1e-9), self.buckets - 1)
        return freedom, np.sqrt(variance * np.where(share > 0.5, (freedom - 2) / freedom, 1.0))


@dataclass(frozen=True)
class Drop:
    """A relative fall: .08 is 8 % less than the reference; negative is a rise.

    Attributes:
        before: mean quality of the reference, with the weekdays, hours and strata of the current windows.
        after: mean quality of the current windows.
        low, high: ends of the interval of `relative`.
        error: half the interval of 90 %, in standard errors of a normal.
        p_value: one-sided, of no fall.
        matched: share of the current requests that had something to be held against.
        requests: that were compared, in the current windows.
        level: one-sided error of `low`.
        chance: how far such a fall is off by chance.
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
    level: float
    chance: Chance = field(repr=False, compare=False)

    def visible(self, tolerated: float) -> float:
        """The least fall that a comparison like this one finds nine times of ten, if up to `tolerated` is no matter."""
        return max(self.chance.reach(self.level), tolerated) + self.chance.reach(1 - POWER)


def relative_drop(pairs: Sequence[ComparedWindows], level: float, noise: WindowNoise) -> Drop | None:
    """The fall over all pairs together; None where nothing can be compared, or where there are too few users.

    The reference is reweighted to the current windows: each pair and each stratum of it (warm, cold) weighs as much as
    it has requests now, so a change of the mix, or of the hours people come, is no fall (direct standardisation).

    The standard error is that of the delete-one-bucket jackknife of the whole ratio (Efron 1982), so that requests of a
    user count together, and users who are in both periods cancel. The noise of windows comes on top, under each guess
    of it; p-value and interval are those of the mixture of the guesses, so what is not known widens them.

    Args:
        level: one-sided error of the lower end; the interval holds 1 - 2 * level.
        noise: by which windows differ beyond what their users explain.
    """
    reference = [pair.reference for pair in pairs]
    requests, gain, reference_requests, reference_gain = (
        np.concatenate(parts)
        for parts in (
            [pair.current.requests for pair in pairs],
            [pair.current.gain for pair in pairs],
            [each.requests for each in reference],
            [each.gain for each in reference],
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
    by_users = float((buckets - 1) / buckets * ((left_out - left_out.mean()) ** 2).sum())
    chance = Chance.of(by_users, buckets, pairs, noise)
    now = chance.scaled(1 - value)
    reach = now.reach(level)
    return Drop(
        float(before[0]),
        float(after[0]),
        value,
        value - reach,
        value + reach,
        now.reach(ONE_SIDED) / -float(ndtri(ONE_SIDED)),
        now.beyond(value),
        float(compared / total),
        float(compared),
        level,
        chance,
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
