"""Lets people live through weeks in a moment: when they ask, by days and hours, and when they tell what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.serving.answer import Answer
from components.serving.requests import RecommendRequest
from components.simulation.behaviour import Habits, react
from components.simulation.people import SimulatedPerson, draw_askers

HOUR = 3600.0
DAY = 24 * HOUR
EVENING, NIGHT = 20.0, 0.25
"""The hour at which most people ask, and how many do at the quietest beside that."""
WEEKEND = 1.4
"""How many people ask on a Saturday or Sunday beside another day."""
TOLD_AFTER = {"click": (20.0, 1.0), "rating": (2 * HOUR, 1.0), "purchase": (9 * HOUR, 0.8)}
"""Median seconds between an answer and what is told of it, and the standard deviation of their logarithm."""


@dataclass(frozen=True)
class HistoryPlan:
    """How much history there is to be.

    Attributes:
        start, end: seconds since 1970.
        zone: whose days and weekends people live by.
    """

    start: float
    end: float
    requests: int
    seed: int
    zone: tzinfo
    k: int = 10


@dataclass(frozen=True)
class PastVisit:
    """An answer of the past and what the user told of it, each event with the time of it (`occurred_at`)."""

    at: float
    request: RecommendRequest
    answer: Answer
    events: tuple[Mapping[str, Any], ...]


def draw_times(plan: HistoryPlan) -> NDArray[np.float64]:
    """When requests arrive, ascending, (requests,): more in the evening and on weekends, independent otherwise."""
    rng = np.random.default_rng([plan.seed, 5])
    hours = np.arange(plan.start, plan.end, HOUR)
    weights = np.array([_busy(datetime.fromtimestamp(hour, plan.zone)) for hour in hours])
    lengths = np.minimum(plan.end - hours, HOUR)
    chosen = rng.choice(len(hours), plan.requests, p=weights * lengths / (weights * lengths).sum())
    return np.sort(hours[chosen] + rng.random(plan.requests) * lengths[chosen])


def live_through(
    plan: HistoryPlan,
    people: Sequence[SimulatedPerson],
    ask: Callable[[RecommendRequest, str, float], Answer],
    habits: Habits | None = None,
) -> Iterator[PastVisit]:
    """Each visit in the order of time; what would be told after `plan.end` is not told yet.

    People know nothing of their earlier visits: what is simulated counts for no answer, so it may not count for them.
    Else the active ones would have found all that they like within days, and quality would fall by itself.

    Args:
        ask: the answer to a request of this id at this time.
    """
    rng = np.random.default_rng([plan.seed, 6])
    times = draw_times(plan)
    for number, (place, at) in enumerate(zip(draw_askers(people, plan.requests, plan.seed), times, strict=True)):
        person = people[place]
        request = RecommendRequest.model_validate({"user_id": person.user_id, "k": plan.k, **person.wishes})
        answer = ask(request, f"simulated-{plan.seed}-{number}", float(at))
        shown = [item.item_id for item in answer.items]
        reaction = react(person, shown, frozenset(), habits or Habits(), rng)
        told = [{**event, "occurred_at": float(at) + _wait(event["type"], rng)} for event in reaction.events]
        yield PastVisit(float(at), request, answer, tuple(each for each in told if each["occurred_at"] < plan.end))


def _busy(at: datetime) -> float:
    """How many ask in this hour, beside the busiest of a weekday."""
    daily = (1 + np.cos((at.hour - EVENING) / 24 * 2 * np.pi)) / 2
    return float((NIGHT + (1 - NIGHT) * daily) * (WEEKEND if at.weekday() >= 5 else 1.0))


def _wait(kind: str, rng: np.random.Generator) -> float:
    median, spread = TOLD_AFTER[kind]
    return float(median * np.exp(spread * rng.standard_normal()))
