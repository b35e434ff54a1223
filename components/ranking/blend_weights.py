"""Learns the weights of a blend: those that make what people then liked the likeliest choice among their candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.ranking.learned_ranker import Examples
from components.recommenders.protocol import Scores

N_CANDIDATES = 100
"""Of a history that are looked at, the most promising first: with 50 and with 300 the weights order as well."""
MOST_HISTORIES = 5_000
SHRINKAGE = 1e-3
"""Times the squared weights of scores with a standard deviation of 1."""
NEVER = np.float32(-1e9)
PLACES = 3
"""To which weights are rounded, so that no processor's rounding shows in them."""


@dataclass(frozen=True)
class Opinions:
    """What generators said of the candidates of histories, and which of these were then liked.

    Attributes:
        scores: (n_histories, n_candidates, n_generators) float32.
        real: where there is a candidate, (n_histories, n_candidates).
        wanted: of the same shape.
    """

    scores: Scores
    real: NDArray[np.bool_]
    wanted: NDArray[np.bool_]


def opinions_in(examples: Examples, generators: Sequence[str], histories: NDArray[np.integer]) -> Opinions:
    """Those on these rows of `examples`, without the ones that want none of their first `N_CANDIDATES`."""
    useful = histories[examples.wanted[histories, :N_CANDIDATES].any(axis=1)]
    places = [examples.names.index(f"score of {name}") for name in generators]
    scores = np.stack([examples.features[useful, :N_CANDIDATES, place] for place in places], axis=2)
    return Opinions(scores, examples.items[useful, :N_CANDIDATES] >= 0, examples.wanted[useful, :N_CANDIDATES])


def learn_weights(parts: Sequence[Opinions], generators: Sequence[str]) -> dict[str, float]:
    """Weights that add up to 1, those of 0 left out; none where nothing is wanted, or nobody's score speaks for it.

    Each history chooses one of what it wants, any of it as likely, with chances that are the softmax of the weighted
    sum of scores (multinomial logit, McFadden 1974). Weights are never negative: what generators agree on they repeat,
    and a difference of two of them would be learnt from little.
    """
    from scipy.optimize import minimize

    parts = [part for part in parts if len(part.wanted)]
    if not parts:
        return {}
    width = max(part.wanted.shape[1] for part in parts)
    step = -(-sum(len(part.wanted) for part in parts) // MOST_HISTORIES)
    scores = np.concatenate([_widened(part.scores[::step], width) for part in parts])
    real, wanted = (
        np.concatenate([_widened(table[::step], width) for table in tables])
        for tables in ([part.real for part in parts], [part.wanted for part in parts])
    )
    spread = np.maximum(scores[real].std(axis=0), 1e-6)
    scores = scores / spread
    chosen = (wanted / wanted.sum(axis=1, keepdims=True)).astype(np.float32)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = np.where(real, scores @ weights.astype(np.float32), NEVER)
        sums -= sums.max(axis=1, keepdims=True)
        chances = np.exp(sums)
        total = chances.sum(axis=1, keepdims=True)
        chances /= total
        surprise = -float((chosen * (sums - np.log(total))).sum()) / len(chosen)
        slope = np.tensordot(chances - chosen, scores, ((0, 1), (0, 1))) / len(chosen)
        return surprise + SHRINKAGE * float(weights @ weights), slope + 2 * SHRINKAGE * weights

    bounds = [(0, None)] * len(generators)
    found = minimize(loss, np.zeros(len(generators)), jac=True, method="L-BFGS-B", bounds=bounds)
    weights = found.x / spread
    if not weights.sum() > 0:
        return {}
    weights = np.round(weights / weights.sum(), PLACES)
    weights /= weights.sum()
    return {name: float(weight) for name, weight in zip(generators, weights, strict=True) if weight > 0}


def _widened(table: NDArray[Any], width: int) -> NDArray[Any]:
    """Filled up to `width` candidates with zeros."""
    missing = width - table.shape[1]
    return np.pad(table, [(0, 0), (0, missing)] + [(0, 0)] * (table.ndim - 2)) if missing else table
