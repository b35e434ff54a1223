"""Repeats canaries over simulated users whose truth is known, and counts what the judge makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.config.promotion import Canary
from components.rollout.canary_judge import Arm, judge_canary
from components.simulation.click_model import examination

PLACES = 5
RANKED, AT_RANDOM = 0.16, 0.02
"""Probability that a user finds an item of the list relevant, from a model and from the whole catalogue."""
MILLISECONDS, SPREAD = 30.0, 0.6
"""Median of an answer, and the standard deviation of its logarithm: p95 is 81 ms."""
ERRORS = 0.001


@dataclass(frozen=True)
class Truth:
    """How a release really answers.

    Attributes:
        slowness: factor on every answer's time.
        empty_users: share of users who always get an empty list.
        relevance: probability that a shown item is relevant to the user.
    """

    slowness: float = 1.0
    empty_users: float = 0.0
    relevance: float = RANKED
    errors: float = ERRORS


GOOD = Truth()
TRUTHS = {
    "good": GOOD,
    "3 times slower": Truth(slowness=3.0),
    "empty for 2 % of users": Truth(empty_users=0.02),
    "ranks at random": Truth(relevance=AT_RANDOM),
    "1 % of requests fail": Truth(errors=0.01),
    "clicks 20 % lower": Truth(relevance=RANKED * 0.8),
}


@dataclass(frozen=True)
class Traffic:
    """`requests` per user and step, on average; users differ by a gamma of shape `evenness`."""

    users: int = 5_000
    requests: float = 2.0
    evenness: float = 1.0


@dataclass(frozen=True)
class Sent:
    """A canary that was sent back, at the end of this share of all steps' time, at this step."""

    weight: int
    looks: int
    reason: str


def run_canary(rng: np.random.Generator, truth: Truth, traffic: Traffic, plan: Canary) -> Sent | None:
    """None when the release goes live.

    Users are on trial by a number of their own, as the gateway hashes them; each look sees what has been answered since
    the step began. An empty list counts at once, as the live release gives every user a full one.
    """
    place = rng.random(traffic.users)
    eagerness = rng.gamma(traffic.evenness, traffic.requests / traffic.evenness, traffic.users)
    empty = rng.random(traffic.users) < truth.empty_users
    looks, beside = 0, None
    for weight in plan.steps:
        on_trial = place < weight / 100
        live = canary = _nothing()
        for _ in range(plan.looks_per_step):
            looks += 1
            asked = rng.poisson(eagerness / plan.looks_per_step)
            live = _joined(live, _answers(rng, np.repeat(np.arange(traffic.users), asked * ~on_trial), GOOD))
            canary = _joined(canary, _answers(rng, np.repeat(np.arange(traffic.users), asked * on_trial), truth, empty))
            nobody = [str(user) for user in np.unique(canary.users[canary.empty])[:1]]
            judged = judge_canary(beside if weight == 100 and beside is not None else live, canary, nobody, plan)
            if judged.harm is not None:
                return Sent(weight, looks, judged.harm)
        beside = live
    return None


def _answers(
    rng: np.random.Generator, users: NDArray[np.int64], truth: Truth, empty: NDArray[np.bool_] | None = None
) -> Arm:
    failed = rng.random(len(users)) < truth.errors
    answered = users[~failed]
    n = len(answered)
    nothing = np.zeros(n, bool) if empty is None else empty[answered]
    clicks = rng.random((n, PLACES)) < truth.relevance * examination(PLACES)
    return Arm(
        users=answered,
        milliseconds=truth.slowness * MILLISECONDS * np.exp(rng.normal(0, SPREAD, n)),
        empty=nothing,
        clicked=clicks.any(axis=1) & ~nothing,
        asked=len(users),
        failed=int(failed.sum()),
    )


def _nothing() -> Arm:
    no: NDArray[np.bool_] = np.zeros(0, bool)
    return Arm(np.zeros(0, np.int64), np.zeros(0), no, no, 0, 0)


def _joined(first: Arm, second: Arm) -> Arm:
    join: Callable[[str], NDArray[np.generic]] = lambda name: np.concatenate(  # noqa: E731
        [getattr(first, name), getattr(second, name)]
    )
    arrays = {name: join(name) for name in ("users", "milliseconds", "empty", "clicked")}
    return replace(first, **arrays, asked=first.asked + second.asked, failed=first.failed + second.failed)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Tally:
    """Of `runs` canaries of one truth: how many were sent back, how many by the end of the step at 25 %, and after what
    share of all looks the middle one of them was (NaN where none was)."""

    runs: int
    sent_back: int
    by_second_step: int
    median_looks: float
    latest_looks: float


def tally(seed: int, runs: int, truth: Truth, traffic: Traffic, plan: Canary) -> Tally:
    """`runs` canaries of one truth."""
    sent = [run_canary(np.random.default_rng([seed, run]), truth, traffic, plan) for run in range(runs)]
    back = [each for each in sent if each is not None]
    looks = [each.looks for each in back]
    return Tally(
        runs,
        len(back),
        sum(each.weight <= plan.steps[1] for each in back),
        float(np.median(looks)) if looks else float("nan"),
        float(np.quantile(looks, 0.95)) if looks else float("nan"),
    )
