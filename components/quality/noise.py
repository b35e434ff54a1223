"""Learns from a history how windows differ by themselves, beyond what chance among their users explains.

Windows share a rhythm (weekday and hour), and around it they wander: by a standard deviation that nobody knows
beforehand, and often for several windows in a row (autocorrelation, slow drift). Neither is assumed: every standard
deviation with every autocorrelation on a wide grid weighs as much as the history makes it likely, and so does how far
the weekdays of a working week, or the two of a weekend, differ among themselves. With few windows the weight is spread
far out, so that only a gross fall is beyond noise; it gathers as windows are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.quality.window import Window

Vector = NDArray[np.float64]

STANDARD_DEVIATIONS = np.geomspace(0.001, 0.4, 13)
"""Relative, per window."""

LARGER_FIRST = 2.0
"""Power of the standard deviation that its likelihood grows with before anything is seen. At 0 (scale-free) half of the
weight says that windows do not differ at all, and a few quiet ones make that sure."""

AUTOCORRELATIONS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""From one window to the next; it falls off by its powers."""

AUTOCORRELATION_WEIGHTS = (0.3, 0.25, 0.2, 0.15, 0.1)
"""Before anything is seen: less for what would let a quiet week prove nothing."""

RHYTHM_RATIOS = (0.0, 1.0, 8.0)
"""How far rhythms of one group differ, in standard deviations of the noise: not at all, as much, or as they please."""

NEGLIGIBLE = 1e-8
"""A guess with less weight than this is left out."""

RELATIVE_FLOOR = 1e-6
"""Of a window's own variance, beside the greatest: windows of identical users would have none."""


@dataclass(frozen=True)
class WindowNoise:
    """Weighted guesses of the noise; all (n_guesses,), the weights sum to 1.

    Attributes:
        deviations: relative standard deviation of one window.
        autocorrelations: of neighbouring windows.
        seen: degrees of freedom that the history has beyond its rhythm.
    """

    deviations: Vector
    autocorrelations: Vector
    weights: Vector
    seen: int = 0

    def variances(self, places: Sequence[int], contrast: Vector) -> Vector:
        """Variance under each guess of the sum of `contrast` over windows at these places, (n_guesses,)."""
        gaps = np.abs(np.subtract.outer(np.asarray(places), np.asarray(places)))
        guesses = self.autocorrelations.tolist()
        spread = {rho: float(contrast @ (rho**gaps) @ contrast) for rho in set(guesses)}
        return np.asarray(self.deviations**2 * np.array([spread[rho] for rho in guesses]))

    @property
    def typical(self) -> float:
        """The standard deviation that is as likely exceeded as not."""
        order = np.argsort(self.deviations)
        reached = np.searchsorted(np.cumsum(self.weights[order]), 0.5)
        return float(self.deviations[order][min(int(reached), len(order) - 1)])


def without_noise() -> WindowNoise:
    """Windows that differ by their users alone."""
    return WindowNoise(np.zeros(1), np.zeros(1), np.ones(1))


def learn_noise(
    windows: Sequence[Window],
    places: Sequence[int],
    rhythms: Sequence[object],
    groups: Sequence[object],
    shifted: Sequence[bool],
) -> WindowNoise:
    """Weigh the guesses by their restricted likelihood (Patterson and Thompson 1971).

    Each group has a level of its own, around which its rhythms have theirs (a random effect), and the windows that are
    `shifted` differ from the others by one more, which is not noise; what none of these explains is. Autocorrelation is
    counted in places, so that a gap separates.

    Args:
        places: of the windows in time, counted in windows.
        rhythms: weekday and hour of each.
        groups: what each shares with other rhythms: weekend or not, and hour.
        shifted: the windows that are being judged.
    """
    levels, variances, kept = _levels(windows)
    rows = np.flatnonzero(kept).tolist()
    larger_first = STANDARD_DEVIATIONS**LARGER_FIRST
    rhythm, group = (_one_hot([of[row] for row in rows]) for of in (rhythms, groups))
    ratios = RHYTHM_RATIOS if rhythm.shape[1] > group.shape[1] else RHYTHM_RATIOS[:1]
    deviations = np.tile(STANDARD_DEVIATIONS, len(AUTOCORRELATIONS) * len(ratios))
    autocorrelations = np.repeat(np.asarray(AUTOCORRELATIONS), len(STANDARD_DEVIATIONS) * len(ratios))
    prior = np.outer(np.repeat(AUTOCORRELATION_WEIGHTS, len(ratios)), larger_first).ravel()
    prior /= prior.sum()
    free = _free_of(np.column_stack([group, np.array([shifted[row] for row in rows], np.float64)]))
    if free.shape[1] == 0:
        return WindowNoise(deviations, autocorrelations, prior)
    gaps = np.abs(np.subtract.outer(np.asarray(places)[rows], np.asarray(places)[rows]))
    # With the variance that chance explains turned into the unit, each autocorrelation and ratio has one set of axes on
    # which every standard deviation is a sum over independent numbers.
    unit = np.linalg.inv(np.linalg.cholesky(free.T @ (variances[rows, None] * free))) @ free.T
    seen, together = unit @ levels[rows], unit @ rhythm
    likelihoods = []
    for rho in AUTOCORRELATIONS:
        wandering = unit @ (rho**gaps) @ unit.T
        for ratio in ratios:
            stretch, axes = np.linalg.eigh(wandering + ratio**2 * together @ together.T)
            along = 1 + np.multiply.outer(STANDARD_DEVIATIONS**2, np.maximum(stretch, 0))
            likelihoods.append(-(np.log(along) + (axes.T @ seen) ** 2 / along).sum(axis=1) / 2)
    log_weights = np.concatenate(likelihoods) + np.log(prior)
    weights = np.exp(log_weights - log_weights.max())
    left = weights > NEGLIGIBLE * weights.sum()
    return WindowNoise(deviations[left], autocorrelations[left], weights[left] / weights[left].sum(), free.shape[1])


def _one_hot(names: Sequence[object]) -> Vector:
    """Which of the different names each is, (n, n_different)."""
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.eye(len(places))[[places[name] for name in names]] if names else np.zeros((0, 0))


def _free_of(design: Vector) -> Vector:
    """Orthonormal combinations of windows that know nothing of the levels, (n_windows, degrees of freedom)."""
    if not len(design):
        return np.zeros((0, 0))
    axes, singular, _ = np.linalg.svd(design, full_matrices=True)
    return np.asarray(axes[:, int((singular > 1e-9 * singular[0]).sum()) :])


def _levels(windows: Sequence[Window]) -> tuple[Vector, Vector, NDArray[np.bool_]]:
    """Logarithm of each window's quality beside what its mix of strata lets expect, the variance of that by chance
    among its users (jackknife by bucket), and whether there is one at all; each (n_windows,).

    What users like whatever the window is no reason for windows to differ, so the mean covariance between windows is
    taken off the variances: the levels of rhythms hold it.
    """
    if not windows:
        return np.zeros(0), np.zeros(0), np.zeros(0, np.bool_)
    requests = np.array([window.requests for window in windows])
    gain = np.array([window.gain for window in windows])
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = np.nan_to_num(gain.sum(axis=(0, 2)) / requests.sum(axis=(0, 2)))
        expected, got = np.einsum("s,tsb->tb", usual, requests), gain.sum(axis=1)
        levels = np.log(got.sum(axis=1) / expected.sum(axis=1))
        left_out = np.log((got.sum(axis=1, keepdims=True) - got) / (expected.sum(axis=1, keepdims=True) - expected))
    kept = np.isfinite(levels) & np.isfinite(left_out).all(axis=1)
    left_out = np.where(kept[:, None], left_out, 0.0)
    buckets = left_out.shape[1]
    away = left_out - left_out.mean(axis=1, keepdims=True)
    covariances = (buckets - 1) / buckets * away @ away.T
    own = np.diag(covariances)
    n = int(kept.sum())
    shared = (covariances.sum() - own.sum()) / (n * (n - 1)) if n > 1 else 0.0
    floor = RELATIVE_FLOOR + 0.05 * own
    return levels, np.maximum(own - max(shared, 0.0), floor), kept
