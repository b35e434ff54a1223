"""Says in a few words why each item of a list is there; only what is true, and without a language model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import Rows
from components.serving.catalogue import Catalogue

POPULAR = "Popular with other users"
TASTE = "Fits the taste in your history"
CLOSE = 0.6
"""The cosine between two items' factors from which one is said to be close to the other."""


def explain_by_wishes(rows: Rows, items: Catalogue, preferences: Mapping[str, float]) -> list[str]:
    """Per item the strongest wanted label that it carries, in the user's spelling; `POPULAR` for one without any."""
    wanted = [
        (label.strip().casefold(), label.strip())
        for label, weight in sorted(preferences.items(), key=lambda pair: -pair[1])
        if weight > 0
    ]
    texts = []
    for row in rows.tolist():
        labels = {label.strip().casefold() for label in (items.categories[row], *items.tags[row])}
        match = next((spelling for folded, spelling in wanted if folded in labels), None)
        texts.append(POPULAR if match is None else f"Matches your preference for {match}")
    return texts


def explain_by_history(
    rows: Rows, items: Catalogue, factors: FittedFactors | None, history: NDArray[np.integer]
) -> list[str]:
    """Per item the closest one in the user's `history` (item rows), if it is close; else `TASTE`."""
    if factors is None or len(history) == 0:
        return [TASTE] * len(rows)
    cosines = factors.directions[rows] @ factors.directions[history].T
    nearest = cosines.argmax(axis=1)
    best = cosines[np.arange(len(rows)), nearest]
    return [
        f"Close to {items.titles[row]}, which you know" if cosine >= CLOSE else TASTE
        for row, cosine in zip(history[nearest].tolist(), best.tolist(), strict=True)
    ]
