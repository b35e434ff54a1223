"""Opens one random position of a list to chance, so that the log can tell what another policy would have earned.

Who is asked the same thing under the same request id sees the same list: chance is the hash of the id.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from components.config.routing import Exploration
from components.recommenders.protocol import Ranking


@dataclass(frozen=True)
class Explored:
    """A list with one position open to chance.

    Attributes:
        position: the open one, from 0.
        propensities: for each item shown, the probability that it stands where it stands, given the open position; at
            that position it is what a counterfactual estimate needs.
    """

    ranking: Ranking
    position: int
    propensities: tuple[float, ...]


def explore(shown: Ranking, candidates: Ranking, policy: Exploration, request_id: str) -> Explored | None:
    """`shown` with one of its positions open, or None where the policy does not explore or the list is empty.

    Every position is open equally often. With probability `policy.share` the open one is filled with any of the pool,
    each as likely: the items shown and the first `policy.depth` candidates. An item that is in the list already changes
    places with the one that it displaces. A drawn candidate keeps its own score.
    """
    if policy.share <= 0 or not len(shown):
        return None
    chance = random.Random(blake2b(request_id.encode(), digest_size=8).digest())  # noqa: S311 - no secret
    listed = set(shown.items.tolist())
    fresh = [place for place, item in enumerate(candidates.items[: policy.depth].tolist()) if item not in listed]
    pool = len(shown) + len(fresh)
    position = chance.randrange(len(shown))
    drawn = chance.randrange(pool) if chance.random() < policy.share else position
    items, scores = shown.items.copy(), shown.scores[: len(shown)].copy()
    moved = policy.share / pool
    propensities = [1 - moved] * len(shown)
    propensities[position] = 1 - policy.share + moved if drawn == position else moved
    if drawn >= len(shown):
        place = fresh[drawn - len(shown)]
        items[position], scores[position] = candidates.items[place], candidates.scores[place]
    elif drawn != position:
        for values in (items, scores):
            values[[position, drawn]] = values[[drawn, position]]
        propensities[drawn] = moved
    return Explored(Ranking(np.asarray(items), scores), position, tuple(propensities))
