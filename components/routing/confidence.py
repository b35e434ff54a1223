"""Computes how likely a list holds a hit: a logistic curve over how its scores lie, fitted where hits are known.

The features have no scale of their own, so that a curve fitted on the model of the training part serves the model that
was refitted on everything. Calibration is measured on users that the curve has not seen (`calibration_error`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Scores

Features = NDArray[np.float64]
TOP = 10
N_FEATURES = 3
RIDGE = 1.0
MIN_USERS = 50
FOLDS, BINS = 5, 10
_EPSILON = 1e-9


@dataclass(frozen=True)
class Confidence:
    """The fitted curve: intercept first, then one weight per feature."""

    weights: tuple[float, ...]

    def of(self, features: Features) -> float:
        """The chance of at least one hit in the list."""
        return float(_sigmoid(self.weights[0] + features @ np.asarray(self.weights[1:])))


def features_of(scores: Scores, n_known: int) -> Features:
    """What is read off the scores of a user's candidates, best first, and the length of their history.

    The logarithm of the history; how far the mean of the first ten lies above that of all, in standard deviations; and
    how far the first lies above the tenth.
    """
    if len(scores) < 2:
        return np.array([np.log1p(n_known), 0.0, 0.0])
    spread = float(scores.std()) + _EPSILON
    head = scores[:TOP]
    return np.array(
        [np.log1p(n_known), float(head.mean() - scores.mean()) / spread, float(head[0] - head[-1]) / spread]
    )


def fit_confidence(features: Features, hit: NDArray[np.bool_]) -> Confidence | None:
    """The curve for users with `features`, (n_users, 3), whose lists had a `hit`, by Newton's method with a ridge.

    None with fewer than `MIN_USERS` users, or when all of them had a hit, or none.
    """
    if len(hit) < MIN_USERS or hit.all() or not hit.any():
        return None
    rows = np.column_stack([np.ones(len(features)), features])
    penalty = np.diag([0.0, *[RIDGE] * features.shape[1]])
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = _sigmoid(rows @ weights)
        slope = rows.T @ (hit - chance) - penalty @ weights
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curvature + _EPSILON * np.eye(len(weights)), slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return Confidence(tuple(float(round(weight, 10)) for weight in weights))


def cross_fitted(features: Features, hit: NDArray[np.bool_], seed: int) -> NDArray[np.float64] | None:
    """Each user's chance by a curve that was fitted without them, in five folds; None where none can be fitted."""
    fold = np.random.default_rng(seed).permutation(len(hit)) % FOLDS
    chances = np.empty(len(hit))
    for number in range(FOLDS):
        curve = fit_confidence(features[fold != number], hit[fold != number])
        if curve is None:
            return None
        chances[fold == number] = [curve.of(row) for row in features[fold == number]]
    return chances


def calibration_error(chances: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    """The mean distance between chance and share of hits over ten groups of equal size (Naeini 2015), from 0 to 1."""
    groups = np.array_split(np.argsort(chances, kind="stable"), BINS)
    gaps = [abs(chances[group].mean() - hit[group].mean()) * len(group) for group in groups if len(group)]
    return float(sum(gaps) / len(hit))


def _sigmoid(value: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))), np.float64)
