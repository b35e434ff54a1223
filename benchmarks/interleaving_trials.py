"""Repeats interleaved comparisons and A/B tests of two rankings whose truth is known, on the same simulated people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.draft import draft_list
from components.experiments.fixed_horizon import linearised
from components.experiments.interleaving import Preferred, read_interleaved
from components.experiments.power import MinimumEffect, users_for_mean
from components.simulation.click_model import draw_clicks, examination
from components.simulation.population import Shape, draw_population

K = 10
CANDIDATES = 40
ITEM_SPREAD = 1.0
"""Standard deviation of the logit of an item's relevance around its user's taste."""
NOISE = 1.5
"""Of the score of the ranking that is to be beaten, in the same logits."""
DAYS = 14
NAMES = np.array([f"i{item}" for item in range(CANDIDATES)])

Values = NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """Requests of people who asked at all; rows are requests.

    Attributes:
        user: of each request, (n_requests,).
        relevance: of each candidate to its user, (n_requests, CANDIDATES).
    """

    user: NDArray[np.int64]
    relevance: Values


def draw_people(rng: np.random.Generator, users: int) -> People:
    """`users` people who asked within `DAYS`, at most five times each; each request has candidates of its own."""
    people = draw_population(rng, 4 * users, Shape())
    asked = np.minimum(rng.poisson(people.requests_per_day * DAYS), 5)
    rows = np.flatnonzero(asked)[:users]
    user = np.repeat(np.arange(len(rows)), asked[rows])
    taste = people.taste[rows][user]
    logits = np.log(taste / (1 - taste))[:, None] + ITEM_SPREAD * rng.standard_normal((len(user), CANDIDATES))
    return People(user, 1 / (1 + np.exp(-logits)))


def two_orders(
    rng: np.random.Generator, people: People, noise: float, shared: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rankings of two models that see relevance through noise, one of `NOISE`, one of `noise`, best first, each
    (n_requests, K). `shared` is the share of the variance of their errors that they have in common: 1 for two versions
    of one model, 0 for two that have nothing to do with each other.
    """
    logits = np.log(people.relevance / (1 - people.relevance))
    common = np.sqrt(shared) * rng.standard_normal(logits.shape)
    one, other = (common + np.sqrt(1 - shared) * rng.standard_normal(logits.shape) for _ in range(2))
    first, second = (np.argsort(-(logits + each), axis=1)[:, :K] for each in (NOISE * one, noise * other))
    return first, second


def clicks_of(rng: np.random.Generator, people: People, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Who clicks what of the lists, (n_requests, K), by position and relevance."""
    return draw_clicks(rng, np.take_along_axis(people.relevance, order, axis=1), examination(K))


def relative_gain(noise: float, shared: float, seed: int = 1, users: int = 20_000) -> tuple[float, float, float]:
    """By how much a model of this noise has more clicks a user than one of `NOISE`, and mean and spread of the latter's
    clicks a user: what an A/B test is planned with.
    """
    rng = np.random.default_rng(seed)
    people = draw_people(rng, users)
    both = two_orders(rng, people, noise, shared)
    shown = [np.take_along_axis(people.relevance, order, axis=1) for order in both]
    means = [float((each * examination(K)).sum()) / users for each in shown]
    clicks = clicks_of(rng, people, both[0]).sum(axis=1)
    by_user = np.bincount(people.user, weights=clicks, minlength=users)
    return means[1] / means[0] - 1, means[0], float(by_user.std())


def noise_for(gain: float, shared: float) -> float:
    """The noise of a model with this relative gain in clicks a user, by bisection."""
    low, high = 0.0, NOISE
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (middle, high) if relative_gain(middle, shared)[0] > gain else (low, middle)
    return (low + high) / 2


def users_of_ab(gain: float) -> int:
    """Users of both variants together that a planned A/B test on clicks a user takes (level .05, power .8)."""
    _, mean, spread = relative_gain(NOISE, 0.0)
    return 2 * users_for_mean(mean, spread, MinimumEffect(gain, "relative"), "fixed")


def users_of_ab_by_item(gain: float, users: int = 20_000) -> int:
    """The same on clicks per item shown, which differs less between users."""
    rng = np.random.default_rng(1)
    people = draw_people(rng, users)
    clicks = clicks_of(rng, people, two_orders(rng, people, NOISE, 0.0)[0]).sum(axis=1)
    totals = (np.bincount(people.user, weights=each, minlength=users) for each in (clicks, np.full(len(clicks), K)))
    values = linearised(*(each.astype(np.float64) for each in totals))
    effect = MinimumEffect(gain, "relative")
    return 2 * users_for_mean(float(values.mean()), float(values.std()), effect, "fixed")


def interleave_once(rng: np.random.Generator, users: int, noise: float, shared: float) -> int | None:
    """Which ranking an interleaved comparison of so many people prefers: 0 is that of `NOISE`; None is open."""
    people = draw_people(rng, users)
    first, second = two_orders(rng, people, noise, shared)
    credit = np.zeros((len(people.user), 2), np.int64)
    looked = examination(K)
    for row in range(len(people.user)):
        drafted = draft_list(NAMES[first[row]].tolist(), NAMES[second[row]].tolist(), K, rng.random)
        items = [int(name[1:]) for name in drafted.items]
        hit = rng.random(K) < people.relevance[row, items] * looked
        credit[row] = drafted.credit([name for name, clicked in zip(drafted.items, hit, strict=True) if clicked])
    found = read_interleaved(people.user, credit[:, 0], credit[:, 1])
    return found.ranking if isinstance(found, Preferred) else None
