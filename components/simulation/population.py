"""Draws users who differ: a few ask very often, most rarely, and some find much more to their taste than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit


@dataclass(frozen=True)
class Shape:
    """How users differ.

    Attributes:
        median_requests: requests per day of the median user.
        activity_spread: standard deviation of the logarithm of requests per day; at 1.2, one user in a hundred makes
            13 % of all requests.
        median_taste: probability that the median user finds a shown item relevant.
        taste_spread: standard deviation of its logit over users.
        taste_by_activity: how much a user's taste, in logits, rises with one `activity_spread` of activity.
        new_users: share of users without a history before the experiment.
    """

    median_requests: float = 0.15
    activity_spread: float = 1.2
    median_taste: float = 0.1
    taste_spread: float = 0.8
    taste_by_activity: float = -0.2
    new_users: float = 0.3


@dataclass(frozen=True)
class Population:
    """Users by row.

    Attributes:
        requests_per_day: expected, (n_users,).
        taste: probability that an item shown to the user is relevant to them, (n_users,).
        is_new: without a history before the experiment, (n_users,).
    """

    requests_per_day: NDArray[np.float64]
    taste: NDArray[np.float64]
    is_new: NDArray[np.bool_]


def draw_population(rng: np.random.Generator, users: int, shape: Shape) -> Population:
    """`users` independent users; activity is lognormal, taste logit-normal."""
    activity, taste = rng.standard_normal(users), rng.standard_normal(users)
    return Population(
        *_of(shape, activity, taste),
        is_new=rng.random(users) < shape.new_users,
    )


@dataclass(frozen=True)
class ExpectedOutcome:
    """What an experiment on this shape of users would find without chance.

    Attributes:
        clicks_per_impression: over all impressions.
        clicks_per_user: over users with a request in the period.
        active: share of users with a request in the period.
    """

    clicks_per_impression: float
    clicks_per_user: float
    active: float


def expected_metrics(shape: Shape, days: int, examined: NDArray[np.float64], lift: float = 0.0) -> ExpectedOutcome:
    """The metrics' true values when relevance is `1 + lift` times the users' taste, at most 1.

    By Gauss-Hermite quadrature over activity and taste, so that estimates are held against a number that no draw made.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    activity, taste = (axis.ravel() for axis in np.meshgrid(nodes, nodes, indexing="ij"))
    weight = np.outer(weights, weights).ravel() / weights.sum() ** 2
    requests, relevance = _of(shape, activity, taste)
    relevant = float(weight @ (requests * np.minimum(relevance * (1 + lift), 1.0)))
    active = float(weight @ -np.expm1(-requests * days))
    clicks_per_day = relevant * float(examined.sum())
    return ExpectedOutcome(
        clicks_per_day / (float(weight @ requests) * len(examined)), clicks_per_day * days / active, active
    )


def _of(
    shape: Shape, activity: NDArray[np.float64], taste: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    requests = shape.median_requests * np.exp(shape.activity_spread * activity)
    centre = np.log(shape.median_taste / (1 - shape.median_taste))
    return requests, expit(centre + shape.taste_by_activity * activity + shape.taste_spread * taste)
