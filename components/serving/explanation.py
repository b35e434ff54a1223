"""Says in a few words why each item of a list is there; only what is true, and without a language model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from components.ranking.because import read_code
from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import Rows
from components.serving.catalogue import Catalogue

YEAR_AT_END = re.compile(r"\((\d{4})\)\s*$")
POPULAR = "Popular with other users"
BEFORE = "You liked it before"
TASTE = "Fits the taste in your history"
NEWLY, NEWLY_SUITING = "New here", "New here, and fits the taste in your history"
ALIKE = "Liked by people who share your taste"
YEARS_APART = 3
"""Items whose titles end with years no farther apart are from the same years."""
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
    """Per item the closest one in the user's `history` (item rows), if it is close, and `BEFORE` where it is the item
    itself; else `TASTE`."""
    if factors is None or len(history) == 0:
        return [TASTE] * len(rows)
    cosines = factors.directions[rows] @ factors.directions[history].T
    nearest = cosines.argmax(axis=1)
    best = cosines[np.arange(len(rows)), nearest]
    return [
        BEFORE if row == other else f"Close to {items.titles[other]}, which you know" if cosine >= CLOSE else TASTE
        for row, other, cosine in zip(rows.tolist(), history[nearest].tolist(), best.tolist(), strict=True)
    ]


def explain_by_interaction(rows: Rows, items: Catalogue, codes: Sequence[int], likes: NDArray[np.integer]) -> list[str]:
    """Per item the interaction that did most for it (`components/ranking/because.py`), and what the two share.

    `likes` are the item rows that the user likes; what they met without liking it is called known. An item of `likes`
    is there for itself.
    """
    liked = frozenset(likes.tolist())
    texts = []
    for row, code in zip(rows.tolist(), codes, strict=True):
        reason = read_code(code)
        if row in liked:
            texts.append(BEFORE)
            continue
        if reason is None:
            texts.append(ALIKE)
            continue
        other, onward = reason
        title = items.titles[other]
        if onward:
            texts.append(f"People who met {title} often go on to this")
        else:
            verb = "liked" if other in liked else "know"
            shared = what_they_share(items, row, other)
            texts.append(f"Because you {verb} {title}{f': {shared}' if shared else ''}")
    return texts


def what_they_share(items: Catalogue, row: int, other: int) -> str:
    """A label that both items carry, in their spelling, and whether they are from the same years; "" for nothing."""
    theirs = {label.casefold() for label in (items.categories[other], *items.tags[other])}
    label = next((each for each in (items.categories[row], *items.tags[row]) if each and each.casefold() in theirs), "")
    years = [YEAR_AT_END.search(items.titles[each]) for each in (row, other)]
    here, there = years
    if here and there and abs(int(here[1]) - int(there[1])) <= YEARS_APART:
        return f"{label} from the same years" if label else "from the same years"
    return f"{label} too" if label else ""
