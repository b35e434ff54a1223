"""What stands behind places of a ranking, as plain values for pages and commands."""

from __future__ import annotations

import math
from dataclasses import dataclass

from components.ranking.breakdown import ItemBreakdown
from components.serving.catalogue import Catalogue


@dataclass(frozen=True)
class ExplainedItem:
    """A candidate; `place` is from 1 among `candidates`.

    Attributes:
        generators: name, score (standard deviations above what the generator usually says) and place, best place first.
        pushes: feature, value (None where not known) and by how much it moved the score, the strongest first.
    """

    item_id: str
    title: str
    place: int
    candidates: int
    generators: tuple[tuple[str, float, int], ...]
    pushes: tuple[tuple[str, float | None, float], ...]


@dataclass(frozen=True)
class ExplainedRanking:
    """Of a user's own ranking in a release.

    Attributes:
        method: how candidates are ordered; `ranker`, a blend, or the one recommender that there is.
        n_known: interactions known of the user.
        met, liked: those of the items that the user has met, so that they are not shown, and those liked.
        items: those that are candidates, in their order.
    """

    user_id: str
    release: str
    slot: str
    method: str
    n_known: int
    met: tuple[str, ...]
    liked: tuple[str, ...]
    items: tuple[ExplainedItem, ...]


def explained_item(items: Catalogue, broken: ItemBreakdown) -> ExplainedItem:
    """With the item's id and title."""
    return ExplainedItem(
        items.ids[broken.row],
        items.titles[broken.row],
        broken.place,
        broken.candidates,
        tuple((each.name, round(each.score, 3), each.place) for each in broken.opinions),
        tuple(
            (each.feature, round(each.value, 4) if math.isfinite(each.value) else None, round(each.moved, 4))
            for each in broken.pushes
        ),
    )
