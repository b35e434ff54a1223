"""Takes a ranking apart: what each generator said of an item, and what moved the ranker's score of it, up or down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.ranking.candidates import Found
from components.ranking.learned_ranker import LearnedRanker
from components.recommenders.protocol import Rows, Scores


@dataclass(frozen=True)
class GeneratorOpinion:
    """A generator's score, in standard deviations over the items that the user has not met, and the item's place by it
    among the candidates, from 1."""

    name: str
    score: float
    place: int


@dataclass(frozen=True)
class Push:
    """A feature, its value (NaN where it is not known), and by how much it moved the score of this item."""

    feature: str
    value: float
    moved: float


@dataclass(frozen=True)
class ItemBreakdown:
    """One item of a ranking.

    Attributes:
        place: from 1, among `candidates` of them.
        opinions: of all generators, that in which the item stands best first: it brought the item.
        pushes: the strongest first; empty where no ranker orders.
    """

    row: int
    place: int
    candidates: int
    opinions: tuple[GeneratorOpinion, ...]
    pushes: tuple[Push, ...]


def break_down(
    found: Found,
    order: Rows,
    wanted: Sequence[int],
    ranker: LearnedRanker | None,
    features: Mapping[str, NDArray[np.floating]] | None,
    n_pushes: int,
) -> list[ItemBreakdown]:
    """The `wanted` item rows that are candidates, in the order of the ranking.

    Args:
        order: the candidates' rows as they were ranked, best first.
        ranker, features: where a ranker orders; the features of `found.items`, by name.
    """
    place_of = {row: place for place, row in enumerate(order.tolist(), start=1)}
    cell_of = {row: cell for cell, row in enumerate(found.items.tolist())}
    rows = sorted((row for row in dict.fromkeys(wanted) if row in place_of), key=lambda row: place_of[row])
    cells = np.array([cell_of[row] for row in rows], np.int64)
    moved = None
    if ranker is not None and features is not None and len(rows):
        table = np.column_stack([features[name][cells] for name in ranker.names]).astype(np.float32)
        moved = table, contributions(ranker, table)
    places = {name: _places(scores) for name, scores in found.scores.items()}
    return [
        ItemBreakdown(
            row,
            place_of[row],
            len(order),
            tuple(
                sorted(
                    (
                        GeneratorOpinion(name, float(scores[cell]), int(places[name][cell]))
                        for name, scores in found.scores.items()
                    ),
                    key=lambda each: (each.place, -each.score, each.name),
                )
            ),
            () if moved is None or ranker is None else _strongest(ranker.names, moved[0][at], moved[1][at], n_pushes),
        )
        for at, (row, cell) in enumerate(zip(rows, cells.tolist(), strict=True))
    ]


def contributions(ranker: LearnedRanker, rows: Scores) -> NDArray[np.float64]:
    """By how much each feature moved each score, (n_rows, n_features): SHAP values of trees (Lundberg 2018), which add
    up to the score but for a constant; the mean over the ranker's seeds."""
    parts = [np.asarray(model.predict(rows, pred_contrib=True, num_threads=1)) for model in ranker.models]
    mean: NDArray[np.float64] = np.mean(parts, axis=0)[:, :-1]
    return mean


def _places(scores: Scores) -> NDArray[np.int64]:
    """Places from 1 by falling score, equal ones in the order given."""
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places


def _strongest(names: Sequence[str], values: Scores, moved: NDArray[np.float64], n: int) -> tuple[Push, ...]:
    best = np.argsort(-np.abs(moved), kind="stable")[:n].tolist()
    return tuple(Push(names[place], float(values[place]), float(moved[place])) for place in best if moved[place])
