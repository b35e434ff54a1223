"""Simulates histories of daily NDCG windows, half of them with a drop, and says how often each rule sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.assumed_noise_rule import fell_beyond_assumed_noise
from components.metrics.ranking import ndcg
from components.quality.window import BUCKETS, Window
from components.simulation.click_model import draw_clicks, examination
from components.simulation.population import Shape, draw_population
from monitoring.rules.quality_drop import DropLimits, Fell, QualityHistory, judge_drop, smallest_visible

DAY = 86_400.0
K = 10
TASTES = 64
LISTS_PER_TASTE = 4_000


@dataclass(frozen=True)
class World:
    """What the histories have in common.

    Attributes:
        days, requests: windows of a history, and requests in each.
        users: among whom the requests fall, by their activity.
        weekend: relative change of quality on two days of seven.
        day_noise: relative standard deviation of a day's quality, which all its users share.
        noise: whether days differ independently, in runs (autocorrelation .5), with heavy tails (Student's t with 3
            degrees of freedom), or with Laplace's tails in runs (.4).
        holidays: share of the days on which quality is lower, by 5 to 15 %.
        drift: standard deviation of the steps of a random walk of the quality, a day.
        cold_share, cold_share_later: of requests, before and after the mix changes.
        cold_quality: NDCG of a cold user beside that of a warm one of the same taste.
        first_day: the first day on which there is a week to compare with, and anything may change.
    """

    days: int = 28
    requests: int = 10_000
    users: int = 20_000
    weekend: float = 0.08
    day_noise: float = 0.01
    noise: Literal["independent", "runs", "heavy", "laplace in runs"] = "independent"
    holidays: float = 0.0
    drift: float = 0.0
    cold_share: float = 0.2
    cold_share_later: float = 0.4
    cold_quality: float = 0.5
    first_day: int = 7


@dataclass(frozen=True)
class Case:
    """One history; `onset` is the first day with the drop, None in a calm one."""

    windows: tuple[Window, ...]
    onset: int | None


@dataclass(frozen=True)
class Score:
    """How a rule did over all histories.

    Attributes:
        found: histories with a drop whose first alarm came on or after its first day.
        missed: histories with a drop and no alarm.
        false_alarms: histories whose first alarm came without a drop, or before it.
        windows_to_alarm: median over found ones; 1 is the first day of the drop.
    """

    found: int
    missed: int
    false_alarms: int
    windows_to_alarm: float

    @property
    def precision(self) -> float:
        """Share of the alarmed histories that were right."""
        return self.found / max(self.found + self.false_alarms, 1)

    def recall(self, drops: int) -> float:
        """Share of the `drops` that were found."""
        return self.found / drops


def taste_levels(shape: Shape, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each of `TASTES` levels of taste, ascending, its upper end and NDCGs of lists shown to such users.

    Users click by position and taste, and find some relevant items by themselves, so the ideal list is longer than
    what they clicked. (TASTES,), (TASTES, LISTS_PER_TASTE).
    """
    taste = np.sort(draw_population(rng, 50_000, shape).taste)
    ends = taste[np.linspace(0, len(taste) - 1, TASTES + 1).astype(int)]
    middle = np.sqrt(ends[:-1] * ends[1:])
    relevance = np.broadcast_to(middle[:, None, None], (TASTES, LISTS_PER_TASTE, K))
    hits = draw_clicks(rng, relevance, examination(K))
    elsewhere = rng.poisson(3 * middle[:, None], (TASTES, LISTS_PER_TASTE))
    values = ndcg(hits.reshape(-1, K), (hits.sum(axis=2) + elsewhere).ravel())
    return ends[1:], np.nan_to_num(values).reshape(TASTES, LISTS_PER_TASTE)


def draw_case(
    rng: np.random.Generator,
    world: World,
    shape: Shape,
    levels: NDArray[np.float64],
    pool: NDArray[np.float64],
    drop: float,
) -> Case:
    """A history; `drop` 0 is calm. Each has a weekly rhythm, days that differ, and a change of the mix on some day."""
    users = draw_population(rng, world.users, shape)
    level = np.minimum(np.searchsorted(levels, users.taste), TASTES - 1)
    bucket = rng.integers(0, BUCKETS, world.users)
    onset = int(rng.integers(world.first_day, world.days - 7)) if drop else None
    mix_change = int(rng.integers(world.first_day, world.days))
    by_day = day_quality(rng, world)
    cumulated = [np.cumsum(np.where(users.is_new == cold, users.requests_per_day, 0.0)) for cold in (False, True)]
    windows = []
    for day in range(world.days):
        share = world.cold_share_later if day >= mix_change else world.cold_share
        n_cold = rng.binomial(world.requests, share)
        quality = 0.8 * by_day[day]
        if onset is not None and day >= onset:
            quality *= 1 - drop
        requests, gain = np.zeros((2, BUCKETS)), np.zeros((2, BUCKETS))
        for stratum, count in enumerate((world.requests - n_cold, n_cold)):
            total = cumulated[stratum][-1]
            who = np.minimum(np.searchsorted(cumulated[stratum], rng.random(count) * total, "right"), world.users - 1)
            values = pool[level[who], rng.integers(0, LISTS_PER_TASTE, count)]
            kept = rng.random(count) < quality * (world.cold_quality if stratum else 1.0)
            requests[stratum] = np.bincount(bucket[who], minlength=BUCKETS)
            gain[stratum] = np.bincount(bucket[who], values * kept, minlength=BUCKETS)
        windows.append(Window(day * DAY, DAY, requests, gain))
    return Case(tuple(windows), onset)


def day_quality(rng: np.random.Generator, world: World) -> NDArray[np.float64]:
    """What each day's quality is multiplied with, (days,): weekly rhythm, noise, holidays and drift."""
    days = np.arange(world.days)
    shocks = {
        "independent": lambda: rng.standard_normal(world.days),
        "runs": lambda: _runs(rng.standard_normal(world.days), 0.5),
        "heavy": lambda: rng.standard_t(3, world.days) / np.sqrt(3.0),
        "laplace in runs": lambda: _runs(rng.laplace(0, np.sqrt(0.5), world.days), 0.4),
    }[world.noise]()
    quality = (1 + world.weekend * np.isin(days % 7, (5, 6))) * (1 + world.day_noise * shocks)
    quality *= 1 - (rng.random(world.days) < world.holidays) * rng.uniform(0.05, 0.15, world.days)
    return np.maximum(quality * np.exp(world.drift * rng.standard_normal(world.days).cumsum()), 0.05)


def _runs(shocks: NDArray[np.float64], rho: float) -> NDArray[np.float64]:
    """The shocks with autocorrelation `rho`, and the same variance."""
    found = shocks.copy()
    for day in range(1, len(found)):
        found[day] = rho * found[day - 1] + np.sqrt(1 - rho**2) * shocks[day]
    return found


Rule = Callable[[tuple[Window, ...]], bool]


def our_rule(limits: DropLimits) -> Rule:
    """The rule that the monitor uses."""
    return lambda windows: isinstance(judge_drop(history_of_days(windows), limits), Fell)


def assumed_noise_rule(limits: DropLimits) -> Rule:
    """The rule that the monitor used before it learnt the noise."""
    return lambda windows: fell_beyond_assumed_noise(history_of_days(windows), limits)


def history_of_days(windows: tuple[Window, ...]) -> QualityHistory:
    """Days, of which seven make a rhythm."""
    rhythms = tuple((int(window.start // DAY) % 7, 0) for window in windows)
    return QualityHistory(windows, rhythms, (False,) * len(windows))


def visible_before(case: Case, limits: DropLimits) -> float:
    """The smallest visible fall that is stated on the day before the onset; infinite where nothing is known yet."""
    assert case.onset is not None
    found = smallest_visible(history_of_days(case.windows[: case.onset]), limits)
    return float("inf") if found is None else found.fall


def plain_rule(max_drop: float) -> Rule:
    """The newest day's mean is more than `max_drop` under the mean of the week before it."""

    def fell(windows: tuple[Window, ...]) -> bool:
        before = [window.mean for window in windows[-8:-1]]
        return bool(1 - windows[-1].mean / np.mean(before) > max_drop)

    return fell


def plain_matched_rule(max_drop: float) -> Rule:
    """The newest day's mean is more than `max_drop` under that of the same weekday a week before."""
    return lambda windows: bool(1 - windows[-1].mean / windows[-8].mean > max_drop)


def first_alarm(case: Case, rule: Rule, first_day: int) -> int | None:
    """The day of the first alarm."""
    for day in range(first_day, len(case.windows)):
        if rule(case.windows[: day + 1]):
            return day
    return None


def score(cases: list[Case], rule: Rule, first_day: int) -> Score:
    """How the rule did, each history by its first alarm."""
    found: list[int] = []
    missed = false_alarms = 0
    for case in cases:
        day = first_alarm(case, rule, first_day)
        if day is None:
            missed += case.onset is not None
        elif case.onset is None or day < case.onset:
            false_alarms += 1
        else:
            found.append(day - case.onset + 1)
    return Score(len(found), missed, false_alarms, float(np.median(found)) if found else float("nan"))
