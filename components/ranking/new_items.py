"""Gives some places of a list to new items, each with a known probability, so that they are seen at all.

Who is asked the same thing under the same request id sees the same list: chance is the hash of the id.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from components.recommenders.protocol import Ranking


@dataclass(frozen=True)
class WithNewItems:
    """A list some of whose places were open to new items.

    Attributes:
        propensities: for each item shown, the probability that the policy shows it at its place.
        places: those that new items got, from 0.
    """

    ranking: Ranking
    propensities: tuple[float, ...]
    places: tuple[int, ...]


def give_places(
    shown: Ranking, n_pool: int, pool: Callable[[], Ranking], share: float, request_id: str
) -> WithNewItems | None:
    """`shown` with each place given, with probability `share`, to one of the pool; None where that cannot be.

    Each new item is as likely as another, and stands once at the most, with the score that it has in the pool. The item
    that loses its place is not shown. Where the pool is smaller than the list, its first `n_pool` places are open.

    Args:
        pool: makes the new items, of which none is shown already; asked only where a place was won.
        n_pool: how many that are.
    """
    n_open = min(len(shown), n_pool)
    if share <= 0 or not n_open:
        return None
    chance = random.Random(blake2b(request_id.encode(), digest_size=8, person=b"recops-new").digest())  # noqa: S311 - no secret
    won = [place for place in range(n_open) if chance.random() < share]
    propensities = [1 - share] * n_open + [1.0] * (len(shown) - n_open)
    items, scores = shown.items.copy(), shown.scores[: len(shown)].copy()
    if won:
        new, drawn = pool(), chance.sample(range(n_pool), n_open)
        for place in won:
            items[place], scores[place] = new.items[drawn[place]], new.scores[drawn[place]]
            propensities[place] = share / n_pool
    return WithNewItems(Ranking(np.asarray(items), scores), tuple(propensities), tuple(won))
