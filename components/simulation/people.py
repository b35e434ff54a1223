"""Makes people of held-out interactions: what each of them will like is what they later really liked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from components.interactions.columns import ITEM, USER, VALUE
from components.simulation.population import Shape, draw_population

ACTIVE_PEOPLE = Shape(median_requests=1.0, activity_spread=1.2, median_taste=0.7, taste_spread=0.8)
"""How people in front of a screen differ: here taste is the probability that they click what they like and look at."""


DEVICES = ("phone", "tv", "web")
PREMIUM_SHARE = 0.1


class NobodyToAsk(ValueError):
    """There are no interactions that anybody could be made of."""


@dataclass(frozen=True)
class SimulatedPerson:
    """One user.

    Attributes:
        later: what they will meet later, item id to value.
        liked: the items among them with at least the positive threshold: what counts as relevant for NDCG.
        activity: how often they ask, beside others.
        taste: probability that they click what they like once they look at it.
        wishes: what they state with each request, as the body's `profile` and `context`.
        elsewhere: items that they find without us, and report on without a request.
    """

    user_id: str
    later: Mapping[str, float]
    liked: frozenset[str]
    activity: float
    taste: float
    wishes: Mapping[str, object] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()


def people_from_future(
    future: pd.DataFrame, positive_threshold: float, seed: int, shape: Shape = ACTIVE_PEOPLE
) -> tuple[SimulatedPerson, ...]:
    """A person for each user of `future` (columns user_id, item_id and value), in the order of their ids.

    Activity is lognormal and taste logit-normal, drawn from `seed`: a few ask very often, most rarely. One in ten pays
    for the tier "premium", and each has a device. Of several interactions with an item the last one counts.

    Raises:
        NobodyToAsk: `future` is empty.
    """
    if future.empty:
        raise NobodyToAsk("the future holds no interactions, so there is nobody to simulate")
    rows: dict[str, dict[str, float]] = {}
    columns = (future[USER].astype(str), future[ITEM].astype(str), future[VALUE].astype(float))
    for user_id, item_id, value in zip(*(column.tolist() for column in columns), strict=True):
        rows.setdefault(user_id, {})[item_id] = value
    drawn = draw_population(np.random.default_rng(seed), len(rows), shape)
    rng = np.random.default_rng([seed, 4])
    premium, device = rng.random(len(rows)) < PREMIUM_SHARE, rng.integers(0, len(DEVICES), len(rows))
    return tuple(
        SimulatedPerson(
            user_id=user_id,
            later=rows[user_id],
            liked=frozenset(item_id for item_id, value in rows[user_id].items() if value >= positive_threshold),
            activity=float(drawn.requests_per_day[row]),
            taste=float(drawn.taste[row]),
            wishes={
                "context": {"device": DEVICES[device[row]]},
                **({"profile": {"tier": "premium"}} if premium[row] else {}),
            },
        )
        for row, user_id in enumerate(sorted(rows))
    )


def draw_askers(people: Sequence[SimulatedPerson], requests: int, seed: int) -> list[int]:
    """Who asks, as places in `people`, request by request; drawn in proportion to activity."""
    weights = np.array([person.activity for person in people])
    rng = np.random.default_rng([seed, 1])
    return [int(place) for place in rng.choice(len(people), size=requests, p=weights / weights.sum())]
