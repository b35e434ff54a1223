"""Simulates the log of a policy that sometimes shows a random item at one position, with its propensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.simulation.click_model import draw_clicks


@dataclass(frozen=True)
class ExplorationLog:
    """One row per request: what was shown at its open position.

    Attributes:
        user: row, (n_requests,).
        position: the open one, from 0.
        item: candidate shown there.
        propensity: probability with which it was.
        clicked: 0.0 or 1.0.
    """

    user: NDArray[np.int64]
    position: NDArray[np.int64]
    item: NDArray[np.int64]
    propensity: NDArray[np.float64]
    clicked: NDArray[np.float64]


def simulate_exploration(
    rng: np.random.Generator,
    requests: NDArray[np.integer],
    relevance: NDArray[np.float64],
    order: NDArray[np.integer],
    share: float,
    examined: NDArray[np.float64],
) -> ExplorationLog:
    """Each request opens one position at random; with probability `share` a random candidate takes it.

    The random item is any of the candidates, with the item that it displaces in its old place, so that every policy
    over the same candidates has support. Only the open position is logged.

    Args:
        requests: of each user, (n_users,).
        relevance: true, of each candidate to each user, (n_users, n_candidates).
        order: candidates that the policy would show, best first, (n_users, positions).
        share: of requests that explore, in (0, 1].
        examined: of the position-based model, (positions,).
    """
    user = np.repeat(np.arange(len(requests)), requests)
    position = rng.integers(0, len(examined), len(user))
    candidates = relevance.shape[1]
    chosen = order[user, position]
    item = np.where(rng.random(len(user)) < share, rng.integers(0, candidates, len(user)), chosen)
    propensity = share / candidates + (1 - share) * (item == chosen)
    clicked = draw_clicks(rng, relevance[user, item], examined[position]).astype(np.float64)
    return ExplorationLog(user, position, item, propensity, clicked)
