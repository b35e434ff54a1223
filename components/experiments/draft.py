"""Puts two rankings into one list, so that each user compares them, and says who placed what.

Team draft (Radlinski, Kurup and Joachims, CIKM 2008): as captains choose their teams, the two take turns, a coin
deciding who begins each round, and each adds its best item that is not there yet. A click is credited to the ranking
that placed the item. Where both would place the same item next it is nobody's, as it says nothing of either; what
differs is then drafted as ever. If the rankings are equally good, each place is as likely the one's as the other's,
whatever users click.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256

NOBODY = -1


@dataclass(frozen=True)
class DraftedList:
    """The list that is shown, and which ranking placed each item: 0, 1, or `NOBODY` where both agree."""

    items: tuple[str, ...]
    placed_by: tuple[int, ...]

    def credit(self, clicked: Sequence[str]) -> tuple[int, int]:
        """Clicks on each ranking's items; an item counts once, and one that is not in the list never."""
        by = dict(zip(self.items, self.placed_by, strict=True))
        teams = [by.get(item, NOBODY) for item in dict.fromkeys(clicked)]
        return teams.count(0), teams.count(1)


def coin_of(salt: str, request_id: str) -> Callable[[], float]:
    """The draft's coin: the same throws for the same experiment and request, so that a list can be drafted again."""
    digest = blake2b(request_id.encode(), key=sha256(salt.encode()).digest(), digest_size=8).digest()
    return random.Random(digest).random  # noqa: S311 - no secret


def draft_list(first: Sequence[str], second: Sequence[str], k: int, coin: Callable[[], float]) -> DraftedList:
    """At most `k` items of two rankings, each once, in the order in which they were drafted.

    A ranking that has no item left passes. Two equal rankings give that ranking, and nobody's items. `coin` gives
    numbers from [0, 1), of which each half lets one of them begin a round.
    """
    rankings = (first, second)
    at = [0, 0]
    items: dict[str, int] = {}
    turn: list[int] = []
    while len(items) < k:
        for team, ranking in enumerate(rankings):
            while at[team] < len(ranking) and ranking[at[team]] in items:
                at[team] += 1
        left = [at[team] < len(ranking) for team, ranking in enumerate(rankings)]
        if not any(left):
            break
        if not turn and all(left) and first[at[0]] == second[at[1]]:
            items[first[at[0]]] = NOBODY
            continue
        if not turn:
            turn = [0, 1] if coin() < 0.5 else [1, 0]
        team = turn.pop(0)
        if left[team]:
            items[rankings[team][at[team]]] = team
    return DraftedList(tuple(items), tuple(items.values()))
