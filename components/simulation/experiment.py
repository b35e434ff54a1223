"""Simulates an experiment: users of differing activity ask day by day, and click on what their variant shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.simulation.click_model import count_clicks
from components.simulation.population import Population, Shape, draw_population


@dataclass(frozen=True)
class Simulated:
    """What was logged; each row is a user, and users who never ask are there with zeros.

    Attributes:
        variant: 0 for the control, (n_users,).
        impressions: items shown in each period, (n_users, n_periods).
        clicks: on them, (n_users, n_periods).
        impressions_before: items shown before the experiment, (n_users,); 0 without a history.
        clicks_before: (n_users,).
    """

    variant: NDArray[np.int64]
    impressions: NDArray[np.int64]
    clicks: NDArray[np.int64]
    impressions_before: NDArray[np.int64]
    clicks_before: NDArray[np.int64]


@dataclass(frozen=True)
class ExperimentCourse:
    """How long the experiment runs.

    Attributes:
        periods: number of periods logged apart; 28 of one day to read daily.
        days_per_period: with one period of 14 days the same users are drawn much faster, in the same law.
        days_before: days of history.
        treatment_share: of users.
        weekend: relative change of how often people ask on two days of seven; the mean over a week stays.
        weekend_taste: relative change, on those days, of how much finds their liking.
        staying: autocorrelation of being around from one day to the next; 0 and somebody who asked today is no likelier
            to ask tomorrow than anybody as active.
        around: share of days on which a user is around at all, where `staying` is over 0.
    """

    periods: int
    days_per_period: int = 1
    days_before: int = 28
    treatment_share: float = 0.5
    weekend: float = 0.0
    weekend_taste: float = 0.0
    staying: float = 0.0
    around: float = 0.3

    def __post_init__(self) -> None:
        if self.days_per_period != 1 and (self.weekend or self.weekend_taste or self.staying):
            raise ValueError("a rhythm of days needs periods of one day")


def simulate_experiment(
    rng: np.random.Generator,
    users: int,
    course: ExperimentCourse,
    shape: Shape,
    lift: float,
    examined: NDArray[np.float64],
) -> Simulated:
    """An experiment on drawn users, in which the treatment's items are `1 + lift` times as relevant, at most 1.

    `lift` 0 is an A/A test; `examined` is the position-based model's look at each position.
    """
    population = draw_population(rng, users, shape)
    variant = (rng.random(users) < course.treatment_share).astype(np.int64)
    taste = population.taste[:, None]
    lists = len(examined)
    before = np.broadcast_to(taste, (users, lists))
    during = np.broadcast_to(np.minimum(taste * (1 + lift * variant[:, None]), 1.0), (users, lists))
    return simulate_clicks(rng, population, variant, before, during, course, examined)


def simulate_clicks(
    rng: np.random.Generator,
    population: Population,
    variant: NDArray[np.int64],
    relevance_before: NDArray[np.float64],
    relevance: NDArray[np.float64],
    course: ExperimentCourse,
    examined: NDArray[np.float64],
) -> Simulated:
    """An experiment on given users and given true relevance of what each is shown, position by position.

    Requests are Poisson at the user's own rate, on the days that the user is around, and independent of the variant;
    clicks follow the position-based model. `relevance_before` and `relevance` are (n_users, positions), for the history
    and for the experiment.
    """
    positions = len(examined)
    expected = population.requests_per_day[:, None] * np.full(course.periods, course.days_per_period)
    is_weekend = np.arange(course.periods) % 7 >= 5
    expected = expected * np.where(is_weekend, 1 + course.weekend, 1 - course.weekend * 2 / 5)
    if course.staying:
        expected = expected * _around(rng, len(expected), course) / course.around
    requests = rng.poisson(expected)
    clicks = np.zeros_like(requests)
    rows, periods = np.nonzero(requests)
    liking = np.where(is_weekend, 1 + course.weekend_taste, 1.0)[periods, None]
    shown = np.minimum(relevance[rows] * liking, 1.0)
    clicks[rows, periods] = count_clicks(rng, requests[rows, periods], shown, examined)
    requests_before = rng.poisson(population.requests_per_day * course.days_before * ~population.is_new)
    clicks_before = count_clicks(rng, requests_before, relevance_before, examined)
    return Simulated(variant, requests * positions, clicks, requests_before * positions, clicks_before)


def _around(rng: np.random.Generator, users: int, course: ExperimentCourse) -> NDArray[np.bool_]:
    """Who is around on which day, (users, periods): each day a user stays as they are, or is drawn anew."""
    drawn = rng.random((users, course.periods)) < course.around
    stays = rng.random((users, course.periods)) < course.staying
    found = drawn.copy()
    for day in range(1, course.periods):
        found[:, day] = np.where(stays[:, day], found[:, day - 1], drawn[:, day])
    return found
