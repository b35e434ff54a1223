"""A world in which it is known which of two prompts ranks better: a scripted model, users, and what they do later."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from components.config.llm import Price, Tier
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import TokenUsage
from components.reranking.prompt import RenderedPrompt, parse_template
from components.reranking.reasons import TitleIndex
from components.reranking.task import ItemText, RerankTask
from components.shadow.ground_truth import GroundTruth, judge_requests
from components.shadow.records import Case, Interaction, LoggedRequest, RankedItemFacts
from components.shadow.replay import ReplayedPrompt, ReplayTask, Terms, ask_prompt
from components.simulation.click_model import examination

CANDIDATES = 20
SHOWN = 10
DAY = 86_400.0
HORIZON, ATTRIBUTION = 7 * DAY, 1_800.0
SHARPNESS = 1.5
"""How strongly what users do later follows their taste; the higher, the better a ranking by taste can be."""

TIER = Tier(name="scripted", model="scripted", share=100, timeout_ms=500, max_tokens=400, candidates=CANDIDATES)
PRICE = Price(model="scripted", input=0.1, output=0.5, cache_read=0.01, cache_write=0.125)
TITLES = tuple(f"Film {number}" for number in range(CANDIDATES))
ITEMS = tuple(ItemText(title, f"Genre {number % 7}", "") for number, title in enumerate(TITLES))
FACTS = {
    title: RankedItemFacts(title, item.category, frozenset({item.category, f"Tag {number % 5}"}))
    for number, (title, item) in enumerate(zip(TITLES, ITEMS, strict=True))
}
TERMS = Terms(TIER, PRICE, fusion_weight=1.0, seconds=0.5, titles=TitleIndex(TITLES))


@dataclass(frozen=True)
class Skill:
    """How good a scripted prompt is.

    Attributes:
        noise: standard deviation of what it adds to the truth, whose own is 1.
        faulty: share of its replies that miss places.
    """

    noise: float
    faulty: float = 0.0


@dataclass(frozen=True)
class Habits:
    """How users come to what they like.

    Attributes:
        later: mean number of items that a user goes to after a request.
        from_list: probability that one of them that stands at the top of the champion's list is taken there; further
            down people look less. It is missing from what they do by themselves then.
        clicks: probability that the item at the top of the champion's list is clicked where a user likes it as much
            as the average candidate; further down people look less. Clicks are no sign of later wishes.
        explored: share of requests with a random item at one position.
    """

    later: float = 2.0
    from_list: float = 0.0
    clicks: float = 0.0
    explored: float = 0.0


@dataclass(frozen=True)
class World:
    """Requests, what their users truly like, and both prompts' orders.

    Attributes:
        taste: of each candidate to each request, (n_requests, CANDIDATES).
        orders: of champion and challenger, positions best first, (n_requests, CANDIDATES) each.
    """

    replays: tuple[ReplayTask, ...]
    taste: NDArray[np.float64]
    orders: dict[str, NDArray[np.int64]]
    truth: GroundTruth


CHAMPION, CHALLENGER = "1", "2"


def prompt_of(version: str) -> ReplayedPrompt:
    """A prompt that the scripted model tells apart."""
    text = f"# System\n\nScript {version}\n\n# User\n\n{{{{person}}}}\n{{{{candidates}}}}\n{{{{wanted}}}}\n"
    return ReplayedPrompt(version, parse_template(text))


def draw_world(
    rng: np.random.Generator, requests: int, champion: Skill, challenger: Skill, habits: Habits
) -> tuple[World, dict[str, NDArray[np.bool_]], list[Interaction]]:
    """A world, which replies of each prompt miss places, and what people did. One user makes 1 to 3 requests."""
    users = np.repeat(np.arange(requests), rng.choice([1, 2, 3], requests, p=[0.5, 0.3, 0.2]))[:requests]
    shared = rng.normal(size=(requests, CANDIDATES))[users]
    taste = np.sqrt(0.5) * (shared + rng.normal(size=(requests, CANDIDATES)))  # a user's requests are alike
    orders = {
        version: np.argsort(-(taste + skill.noise * rng.normal(size=taste.shape)), axis=1)
        for version, skill in ((CHAMPION, champion), (CHALLENGER, challenger))
    }
    missing = {
        version: rng.random(requests) < skill.faulty
        for version, skill in ((CHAMPION, champion), (CHALLENGER, challenger))
    }
    replays, done = [], []
    examined = examination(SHOWN)
    wishes = np.exp(SHARPNESS * taste)
    wishes /= wishes.sum(axis=1, keepdims=True)
    for row in range(requests):
        request, events = _request(rng, row, int(users[row]), orders[CHAMPION][row], wishes[row], examined, habits)
        replays.append(ReplayTask(request, RerankTask(ITEMS, SHOWN, context={"query": f"r{row}"}, explain=False)))
        done += events
    asked = [replay.request for replay in replays]
    truth = judge_requests(asked, done, (), HORIZON, ATTRIBUTION)
    return World(tuple(replays), taste, orders, truth), missing, done


def _request(
    rng: np.random.Generator,
    row: int,
    user: int,
    order: NDArray[np.int64],
    wishes: NDArray[np.float64],
    examined: NDArray[np.float64],
    habits: Habits,
) -> tuple[LoggedRequest, list[Interaction]]:
    """Requests lie further apart than the horizon, so that each has interactions of its own."""
    shown = order[:SHOWN].copy()
    explored = propensity = None
    name, at = f"user {user}", row * (HORIZON + 1)
    request_id = f"r{row}"
    if habits.explored and rng.random() < habits.explored:
        place = int(rng.integers(SHOWN))
        explored, propensity = int(rng.integers(CANDIDATES)), 1 / CANDIDATES
        if explored in shown:  # it changes places with the one that it displaces
            shown[shown == explored] = shown[place]
        shown[place] = explored
    wanted = rng.choice(CANDIDATES, size=min(int(rng.poisson(habits.later)), CANDIDATES), replace=False, p=wishes)
    look_at = dict(zip(shown.tolist(), examined.tolist(), strict=True))
    events = []
    for item in wanted.tolist():
        taken = rng.random() < habits.from_list * look_at.get(item, 0.0)
        events.append(Interaction(name, TITLES[item], at + DAY, request_id if taken else None))
    clicked = rng.random(SHOWN) < np.minimum(habits.clicks * examined * wishes[shown] * CANDIDATES, 1)
    events += [Interaction(name, TITLES[item], at + 60, request_id) for item in shown[clicked].tolist()]
    request = LoggedRequest(
        request_id,
        name,
        at,
        TITLES,
        tuple(float(CANDIDATES - place) for place in range(CANDIDATES)),
        tuple(TITLES[item] for item in shown.tolist()),
        n_known=user % 10,
        explored_item=None if explored is None else TITLES[explored],
        propensity=propensity,
    )
    return request, events


def titles_in(order: NDArray[np.int64]) -> list[str]:
    """The films at these positions."""
    return [TITLES[film] for film in order.tolist()]


_QUERY = re.compile(r"(?:query|asks for): r(\d+)")
_LINE = re.compile(r"^(\d+)\|Film (\d+)\|", re.MULTILINE)
_SCRIPT = re.compile(r"Script (\d+)")


def scripted_order(world: World, missing: dict[str, NDArray[np.bool_]], system: str, user: str) -> list[int]:
    """The numbers that the scripted model gives: its order of the films, as the prompt numbers them."""
    version, row = _SCRIPT.search(system)[1], int(_QUERY.search(user)[1])  # type: ignore[index]
    number_of = {int(film): int(number) for number, film in _LINE.findall(user)}
    order = [number_of[film] for film in world.orders[version][row].tolist()][:SHOWN]
    return order[: SHOWN // 2] if missing[version][row] else order


@dataclass(frozen=True)
class ScriptedModel:
    """`components.reranking.calls.Model` whose order is the truth plus noise."""

    world: World
    missing: dict[str, NDArray[np.bool_]]

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:  # noqa: ARG002
        """A structured reply without reasons."""
        order = scripted_order(self.world, self.missing, prompt.stable[0], prompt.user)
        return Reply(json.dumps({"order": order}), Structured(order, ()), TokenUsage(600, 60), "end_turn")


async def answer_all(world: World, missing: dict[str, NDArray[np.bool_]]) -> list[Case]:
    """Every request of the world, answered by both prompts."""
    model = ScriptedModel(world, missing)
    champion, challenger = prompt_of(CHAMPION), prompt_of(CHALLENGER)
    return [
        Case(
            replay.request,
            (await ask_prompt(model, champion, replay, TERMS, perf_counter)).reply,
            (await ask_prompt(model, challenger, replay, TERMS, perf_counter)).reply,
        )
        for replay in world.replays
    ]


def with_even_latency(cases: list[Case]) -> list[Case]:
    """The same cases as if every call had taken 100 ms: the scripted model's own speed is not what is asked."""
    return [
        replace(
            case,
            champion=replace(case.champion, latency_ms=100.0),
            challenger=replace(case.challenger, latency_ms=100.0),
        )
        for case in cases
    ]


def evaluate_once(
    rng: np.random.Generator, requests: int, champion: Skill, challenger: Skill, habits: Habits
) -> tuple[list[Case], GroundTruth]:
    """One evaluation's cases and truth, answered by the scripted model."""
    world, missing, _ = draw_world(rng, requests, champion, challenger, habits)
    return with_even_latency(asyncio.run(answer_all(world, missing))), world.truth
