"""Computes who clicks what by the position-based model: a user clicks what they look at and find relevant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def examination(positions: int, steepness: float = 1.0) -> NDArray[np.float64]:
    """Probability that a user looks at each position, best first: rank ** -steepness, (positions,).

    The first position is always seen (Craswell, Zoeter, Taylor and Ramsey, WSDM 2008; Joachims et al., WSDM 2017).
    """
    return np.asarray(np.arange(1, positions + 1, dtype=np.float64) ** -steepness, dtype=np.float64)


def draw_clicks(
    rng: np.random.Generator, relevance: NDArray[np.float64], examined: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Clicks on ranked items, of the shape of `relevance`, (..., positions); each position on its own.

    `relevance` is the probability that a user who looks at the item clicks it; it is given from outside, such as by
    what the user did later in held-out data.
    """
    return np.asarray(rng.random(relevance.shape) < relevance * examined, dtype=np.bool_)


def count_clicks(
    rng: np.random.Generator,
    requests: NDArray[np.integer],
    relevance: NDArray[np.float64],
    examined: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Clicks over all positions when each of n lists is asked for `requests` times, (n,).

    The same law as `draw_clicks` summed, at one draw for each list and position; `relevance` is (n, positions).
    """
    clicks = np.zeros(len(requests), dtype=np.int64)
    for position, seen in enumerate(examined):
        clicks += rng.binomial(requests, relevance[:, position] * seen)
    return clicks
