"""Lets people ask, look, click and tell, against anything that answers: the gateway, or the request path itself.

Everything that a person does is drawn from the seed, the person and how often they have asked, so the order in which
answers arrive changes nothing: the same seed and the same answers give the same clicks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from components.simulation.behaviour import Habits, react
from components.simulation.people import SimulatedPerson, draw_askers


@dataclass(frozen=True)
class HttpReply:
    """An answer to a recommendation: the body of the HTTP interface."""

    body: Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """No answer; `kind` is such as "timeout", "connection" or "503 store_unavailable"."""

    kind: str


class Service(Protocol):
    """What answers."""

    async def recommend(self, body: Mapping[str, Any]) -> HttpReply | Failure:
        """The answer to a body of `POST /recommend`."""

    async def tell(self, events: Sequence[Mapping[str, Any]]) -> Failure | None:
        """Feedback; None once it is durable."""


@dataclass(frozen=True)
class Visit:
    """One request and what became of it.

    Attributes:
        number: of the request, from 0.
        seconds: until the answer.
        reply: the answer's body, or the failure.
        clicked: places in the list, from 0.
        relevant: whether each item shown is one that the person likes and has not met yet.
        n_relevant: how many such items there were, shown or not.
        told: events that were accepted.
        lost: why feedback was not accepted, if it was not.
    """

    number: int
    user_id: str
    seconds: float
    reply: HttpReply | Failure
    clicked: tuple[int, ...] = ()
    relevant: tuple[bool, ...] = ()
    n_relevant: int = 0
    told: int = 0
    lost: str | None = None


@dataclass(frozen=True)
class TrafficCourse:
    """How a simulation runs.

    Attributes:
        requests: at most so many.
        rate: requests started a second; None as fast as they are answered.
        max_seconds: no request is started after that time.
        at_once: people who wait for an answer at the same time, at most.
        feedback: whether people tell what they did.
    """

    requests: int
    seed: int
    k: int = 10
    rate: float | None = None
    max_seconds: float = 600.0
    at_once: int = 8
    feedback: bool = True
    habits: Habits = field(default_factory=Habits)


async def run_traffic(
    service: Service,
    people: Sequence[SimulatedPerson],
    course: TrafficCourse,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    on_visit: Callable[[Visit], None] = lambda _visit: None,
) -> list[Visit]:
    """The visits in the order of their numbers.

    A person's visits follow each other, whatever the number of people at once: each is the business of one of
    `at_once` lanes. So with few people and a high rate some lanes may be busier than others.

    Args:
        now: seconds, for durations and pace.
        on_visit: called after each visit.
    """
    lanes: list[list[tuple[int, int]]] = [[] for _ in range(course.at_once)]
    for number, place in enumerate(draw_askers(people, course.requests, course.seed)):
        lanes[place % course.at_once].append((number, place))
    began = now()
    visits: list[Visit] = []

    async def walk(lane: Sequence[tuple[int, int]]) -> None:
        asked: dict[int, int] = {}
        known: dict[int, set[str]] = {}
        for number, place in lane:
            if course.rate is not None:
                wait = began + number / course.rate - now()
                if wait > 0:
                    await sleep(min(wait, max(0.0, began + course.max_seconds - now())))
            if now() - began >= course.max_seconds:
                return
            nth = asked[place] = asked.get(place, -1) + 1
            rng = np.random.default_rng([course.seed, 3, place, nth])
            visit = await _visit(service, people[place], number, known.setdefault(place, set()), course, rng, now)
            visits.append(visit)
            on_visit(visit)

    await asyncio.gather(*(walk(lane) for lane in lanes))
    return sorted(visits, key=lambda visit: visit.number)


async def _visit(
    service: Service,
    person: SimulatedPerson,
    number: int,
    known: set[str],
    course: TrafficCourse,
    rng: np.random.Generator,
    now: Callable[[], float],
) -> Visit:
    """Ask, look, click, tell; what was told joins `known`."""
    start = now()
    reply = await service.recommend({"user_id": person.user_id, "k": course.k, **person.wishes})
    seconds = now() - start
    if isinstance(reply, Failure):
        return Visit(number, person.user_id, seconds, reply)
    shown = [item["item_id"] for item in reply.body["items"]]
    reaction = react(person, shown, frozenset(known), course.habits, rng)
    wanted = person.liked - known
    visit = Visit(
        number,
        person.user_id,
        seconds,
        reply,
        reaction.clicked,
        tuple(item_id in wanted for item_id in shown),
        len(wanted),
    )
    events = [{**event, "request_id": reply.body["request_id"]} for event in reaction.events]
    found = [item_id for item_id in person.elsewhere if item_id not in known][:1]
    events += [{"item_id": item_id, "type": "rating", "value": person.later[item_id]} for item_id in found]
    if not course.feedback or not events:
        return visit
    lost = await service.tell(
        [
            {**event, "user_id": person.user_id, "event_id": f"{reply.body['request_id']}/{place}"}
            for place, event in enumerate(events)
        ]
    )
    if lost is not None:
        return replace(visit, lost=lost.kind)
    known.update(event["item_id"] for event in events)
    return replace(visit, told=len(events))
