"""Whose histories the ranker learns from: whole ones, and copies cut to the last few interactions.

The generators of a cut know these users whole, but not what is asked for, which came later; so a copy costs no training
of generators, and teaches what a few interactions are worth. What was cut away is hidden where a list for the whole
user would not hold it either, that is unless people come back to items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.ranking.candidates import NOTHING
from components.recommenders.history import Histories, History

KEPT = (1, 2, 4, 8)
"""Interactions of a copy."""


@dataclass(frozen=True)
class AskedHistory:
    """A user's row, the history that is known of them, and items that are hidden."""

    user: int
    history: History
    hidden: NDArray[np.integer]


def whole(histories: Histories, users: NDArray[np.integer]) -> Iterator[AskedHistory]:
    """Every user with all that is known of them."""
    for user in users.tolist():
        yield AskedHistory(user, histories.of(user), NOTHING)


def shortened(
    histories: Histories, users: NDArray[np.integer], share: float, rng: np.random.Generator, repeats: bool = False
) -> Iterator[AskedHistory]:
    """That share of the users, each with 1, 2, 4 or 8 of their latest interactions; who has no more is left out."""
    for user in users[rng.random(len(users)) < share].tolist():
        history, kept = histories.of(user), int(rng.choice(KEPT))
        if len(history) > kept:
            short = history.last(kept)
            yield AskedHistory(user, short, NOTHING if repeats else np.setdiff1d(history.met, short.met))
