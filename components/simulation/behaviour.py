"""Decides what a person does in front of a list: what they click, and what they tell about it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.simulation.click_model import draw_clicks, examination
from components.simulation.people import SimulatedPerson


@dataclass(frozen=True)
class Habits:
    """What all people share.

    Attributes:
        steepness: of the position-based model: they look at rank r with probability r ** -steepness.
        tried: how much of their taste is left for items that they will meet later and not like.
        curiosity: probability of a click on any other item that they look at.
        rates: share of clicked items that they rate, with the value they really gave later.
        buys: share of liked and clicked items that they purchase, for that same value: the data know no prices.
    """

    steepness: float = 1.0
    tried: float = 0.5
    curiosity: float = 0.01
    rates: float = 0.3
    buys: float = 0.2


@dataclass(frozen=True)
class Reaction:
    """What became of one list: places clicked (from 0), and the bodies of the feedback, without ids of a request."""

    clicked: tuple[int, ...]
    events: tuple[dict[str, Any], ...]


def react(
    person: SimulatedPerson, shown: Sequence[str], known: frozenset[str], habits: Habits, rng: np.random.Generator
) -> Reaction:
    """Clicks by the position-based model (components/simulation/click_model.py), then ratings and purchases.

    `known` are items that the person has clicked before: they are of no interest any more. The same person, list and
    state of `rng` give the same reaction.
    """
    relevance = np.array([_relevance(person, item_id, known, habits) for item_id in shown])
    clicks = draw_clicks(rng, relevance, examination(len(shown), habits.steepness))
    chances = rng.random((len(shown), 2))
    clicked = tuple(int(place) for place in np.flatnonzero(clicks))
    events: list[dict[str, Any]] = []
    for place in clicked:
        item_id = shown[place]
        events.append({"item_id": item_id, "type": "click"})
        value = person.later.get(item_id)
        if value is None:
            continue
        if chances[place, 0] < habits.rates:
            events.append({"item_id": item_id, "type": "rating", "value": value})
        if item_id in person.liked and chances[place, 1] < habits.buys:
            events.append({"item_id": item_id, "type": "purchase", "value": value})
    return Reaction(clicked, tuple(events))


def _relevance(person: SimulatedPerson, item_id: str, known: frozenset[str], habits: Habits) -> float:
    if item_id in known:
        return 0.0
    if item_id in person.liked:
        return person.taste
    return person.taste * habits.tried if item_id in person.later else habits.curiosity
