"""Repeats canaries over simulated users whose truth is known, and counts what the judge makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.config.promotion import Canary
from components.rollout.canary_judge import Arm, CanaryJudgement, judge_canary
from components.rollout.watch_canary import MORE_LOOKS
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
class Weather:
    """How times of answers differ for reasons that are not the release's.

    Attributes:
        spread: standard deviation of the logarithm of a time.
        tail: degrees of freedom of that logarithm; None is normal.
        by_user: standard deviation of the logarithm of what is the user's own, in every answer.
        burst_ms: how much longer every answer of a slot takes while a burst lasts.
        bursts: of looks in which one begins, in each slot for itself, from the first to the second share by run. It
            lasts as long as a look, and begins with it or (`anywhere`) at any moment.
    """

    spread: float = SPREAD
    tail: float | None = None
    by_user: float = 0.0
    burst_ms: float = 0.0
    bursts: tuple[float, float] = (0.05, 0.1)
    anywhere: bool = False


WEATHERS = {
    "independent": Weather(),
    "heavy tails": Weather(tail=3.0),
    "users differ": Weather(by_user=0.5),
    "bursts of 100 ms": Weather(burst_ms=100.0),
    "bursts of 200 ms": Weather(burst_ms=200.0),
    "bursts of 400 ms": Weather(burst_ms=400.0),
    "the same, at any moment": Weather(burst_ms=400.0, anywhere=True),
}


@dataclass(frozen=True)
class Sent:
    """A canary that was sent back, at the end of this share of all steps' time, at this step."""

    weight: int
    looks: int
    reason: str


def run_canary(
    rng: np.random.Generator, truth: Truth, traffic: Traffic, plan: Canary, weather: Weather = WEATHERS["independent"]
) -> Sent | None:
    """None when the release goes live.

    Users are on trial by a number of their own, as the gateway hashes them; each look sees what has been answered since
    the step began. An empty list counts at once, as the live release gives every user a full one. A look takes a
    second.
    """
    place = rng.random(traffic.users)
    eagerness = rng.gamma(traffic.evenness, traffic.requests / traffic.evenness, traffic.users)
    own = np.exp(weather.by_user * rng.standard_normal(traffic.users))
    empty = rng.random(traffic.users) < truth.empty_users
    share = rng.uniform(*weather.bursts)
    begins = [_bursts(rng, share, weather, len(plan.steps) * (plan.looks_per_step + MORE_LOOKS)) for _ in range(2)]
    taken, now, beside = 0, 0.0, None
    for weight in plan.steps:
        on_trial = place < weight / 100
        live = canary = _nothing()
        looks = [now]
        judged: CanaryJudgement | None = None
        while judged is None or len(looks) <= plan.looks_per_step or judged.doubt is not None:
            if len(looks) > plan.looks_per_step + MORE_LOOKS:
                break
            taken += 1
            asked = rng.poisson(eagerness / plan.looks_per_step)
            who = [np.repeat(np.arange(traffic.users), asked * each) for each in (~on_trial, on_trial)]
            live = _joined(live, _answers(rng, who[0], GOOD, weather, own, now, begins[0]))
            canary = _joined(canary, _answers(rng, who[1], truth, weather, own, now, begins[1], empty))
            now += 1.0
            looks.append(now)
            nobody = [str(user) for user in np.unique(canary.users[canary.empty])[:1]]
            held = beside if weight == 100 and beside is not None else live
            judged = judge_canary(held, canary, nobody, plan, looks)
            if judged.harm is not None:
                return Sent(weight, taken, judged.harm)
        beside = live
    return None


def _bursts(rng: np.random.Generator, share: float, weather: Weather, looks: int) -> NDArray[np.float64]:
    """When bursts begin."""
    begins = np.flatnonzero(rng.random(looks) < share).astype(np.float64)
    return begins + rng.random(len(begins)) * weather.anywhere


def _answers(
    rng: np.random.Generator,
    users: NDArray[np.int64],
    truth: Truth,
    weather: Weather,
    own: NDArray[np.float64],
    now: float,
    bursts: NDArray[np.float64],
    empty: NDArray[np.bool_] | None = None,
) -> Arm:
    failed = rng.random(len(users)) < truth.errors
    answered = users[~failed]
    n = len(answered)
    nothing = np.zeros(n, bool) if empty is None else empty[answered]
    clicks = rng.random((n, PLACES)) < truth.relevance * examination(PLACES)
    at = now + rng.random(n)
    logs = rng.standard_normal(n) if weather.tail is None else rng.standard_t(weather.tail, n)
    hit = ((at[:, None] >= bursts) & (at[:, None] < bursts + 1)).any(axis=1)
    return Arm(
        users=answered,
        at=at,
        milliseconds=truth.slowness * MILLISECONDS * own[answered] * np.exp(weather.spread * logs)
        + weather.burst_ms * hit,
        empty=nothing,
        clicked=clicks.any(axis=1) & ~nothing,
        asked=len(users),
        failed=int(failed.sum()),
    )


def _nothing() -> Arm:
    no: NDArray[np.bool_] = np.zeros(0, bool)
    return Arm(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), no, no, 0, 0)


def _joined(first: Arm, second: Arm) -> Arm:
    join: Callable[[str], NDArray[np.generic]] = lambda name: np.concatenate(  # noqa: E731
        [getattr(first, name), getattr(second, name)]
    )
    arrays = {name: join(name) for name in ("users", "at", "milliseconds", "empty", "clicked")}
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


def tally(
    seed: int, runs: int, truth: Truth, traffic: Traffic, plan: Canary, weather: Weather = WEATHERS["independent"]
) -> Tally:
    """`runs` canaries of one truth."""
    sent = [run_canary(np.random.default_rng([seed, run]), truth, traffic, plan, weather) for run in range(runs)]
    back = [each for each in sent if each is not None]
    looks = [each.looks for each in back]
    return Tally(
        runs,
        len(back),
        sum(each.weight <= plan.steps[1] for each in back),
        float(np.median(looks)) if looks else float("nan"),
        float(np.quantile(looks, 0.95)) if looks else float("nan"),
    )
