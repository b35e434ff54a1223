"""How alike two rankings of the same items are."""

from __future__ import annotations

from collections.abc import Sequence

PERSISTENCE = 0.9
"""Of rank-biased overlap: the first ten places carry 86 % of the weight."""


def rank_biased_overlap(first: Sequence[str], second: Sequence[str], persistence: float = PERSISTENCE) -> float:
    """From 0 (nothing in common) to 1 (the same order); the top counts most.

    The extrapolated form for lists of one length (Webber, Moffat and Zobel, "A similarity measure for indefinite
    rankings", TOIS 2010, equation 32); a longer list is cut. Two empty lists are alike.
    """
    depth = min(len(first), len(second))
    if not depth:
        return float(not first and not second)
    seen_first: set[str] = set()
    seen_second: set[str] = set()
    shared, total = 0, 0.0
    for place in range(depth):
        one, other = first[place], second[place]
        if one == other:
            shared += 1
        else:
            shared += (one in seen_second) + (other in seen_first)
        seen_first.add(one)
        seen_second.add(other)
        total += shared / (place + 1) * persistence ** (place + 1)
    return shared / depth * persistence**depth + (1 - persistence) / persistence * total


def top_overlap(first: Sequence[str], second: Sequence[str], k: int) -> float:
    """Share of the first `k` places that hold the same items, in whatever order; 1 for two empty lists."""
    wanted = min(k, max(len(first), len(second)))
    return len(set(first[:k]) & set(second[:k])) / wanted if wanted else 1.0


def order_correlation(first: Sequence[str], second: Sequence[str]) -> float:
    """Kendall's tau over the items of both: 1 the same order, 0 unrelated, -1 reversed; 1 with fewer than two items."""
    place_of = {item: place for place, item in enumerate(second)}
    places = [place_of[item] for item in first if item in place_of]
    pairs = len(places) * (len(places) - 1) // 2
    if not pairs:
        return 1.0
    discordant = sum(earlier > later for row, earlier in enumerate(places) for later in places[row + 1 :])
    return 1 - 2 * discordant / pairs
