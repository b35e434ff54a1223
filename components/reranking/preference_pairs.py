"""Reads preferences off what was shown and what was liked: a liked item over each one that stood above it.

Who likes the third item has seen the first two and passed them over (Joachims 2002, "skip above"); what stands below
was perhaps not seen, and says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two items of one list; positions count from 1."""

    preferred: str
    passed_over: str
    preferred_position: int
    passed_over_position: int


def pairs_of(shown: Sequence[str], liked: Collection[str], most: int) -> Iterator[PreferencePair]:
    """At most `most` pairs of a list, those of the liked items that stand highest first.

    Args:
        shown: item ids, best first.
        liked: those that the user clicked, bought or rated well; others of them are left out.
    """
    left = most
    for place, item in enumerate(shown):
        if item not in liked:
            continue
        for above in range(place):
            if shown[above] in liked:
                continue
            if left == 0:
                return
            left -= 1
            yield PreferencePair(item, shown[above], place + 1, above + 1)
