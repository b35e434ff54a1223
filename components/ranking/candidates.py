"""The candidates of a history: the items with the best mean score over all generators, and what each generator says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.answers_history import AnswersHistory, Asked, AsksIndex
from components.recommenders.history import History
from components.recommenders.protocol import Rows, Scores

NOTHING = np.empty(0, np.int32)
LOOKED_AT = 4
"""A generator with an index looks at so many times as many items as are wanted."""


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, best mean score first, equal ones by item row.

    Attributes:
        scores: by generator, standardised over the items that the user has not met, or over all where those may
            come again, each (n_candidates,).
        asked: by item-to-item generator what its scores are the sum of, and what one unit of it is in standardised
            scores.
    """

    items: Rows
    scores: Mapping[str, Scores]
    asked: Mapping[str, tuple[Asked, float]]


def find_candidates(
    generators: Mapping[str, AnswersHistory],
    history: History,
    n_candidates: int,
    hidden: NDArray[np.integer] = NOTHING,
    allowed: NDArray[np.bool_] | None = None,
    again: bool = False,
) -> Found:
    """At most `n_candidates` items that are not `hidden`, where that is given `allowed`, and not of the history.

    With `again` those of the history may come too, and the best that it likes are always there: up to half of all.

    Scores are the same whatever is hidden: those of an item do not depend on which others may be shown.
    """
    met = history.met
    apart = NOTHING if again else met
    asked: dict[str, tuple[Asked, float]] = {}
    scores_of: dict[str, Callable[[Rows], Scores]] = {}
    total: NDArray[np.floating] | None = None
    looked_at: list[tuple[Rows, NDArray[np.floating]]] = []
    n_items = 0
    for name, generator in generators.items():
        if isinstance(generator, AsksIndex):
            near = generator.ask(history, LOOKED_AT * n_candidates)
            mean, scale = _spread(near.total, near.squares, near.of(apart).astype(np.float64), near.n_items)
            least, n_items = near.scores.min(initial=np.inf), near.n_items
            looked_at.append((near.items, (near.scores - least) * (scale / len(generators))))
            scores_of[name] = _standardised(near.of, mean, scale)
            continue
        scores, said = generator.score_history(history)
        wide = np.asarray(scores, np.float64)
        mean, scale = _spread(float(wide.sum()), float(wide @ wide), wide[apart], len(wide))
        scores_of[name] = _standardised(scores.__getitem__, mean, scale)
        if said is not None:
            asked[name] = (said, scale)
        share = scores * (scale / len(generators))
        total = share if total is None else total + share
    if total is None:
        total = np.zeros(n_items)
    for rows, more in looked_at:  # the others get no more than the last of these
        total[rows] += more
    if not again:
        total[met] = -np.inf
    total[hidden] = -np.inf
    if allowed is not None:
        total[~allowed] = -np.inf
    items = _with_likes(total, history.likes, n_candidates) if again else _best(total, n_candidates)
    return Found(items, {name: of(items) for name, of in scores_of.items()}, asked)


def _spread(total: float, squares: float, own: NDArray[np.float64], n_items: int) -> tuple[float, float]:
    """Mean and 1 / standard deviation of scores without those of `own`; 0 for the latter where all are alike.

    Args:
        total, squares: sums of all `n_items` scores, and of their squares.
    """
    left = max(n_items - len(own), 1)
    mean = (total - float(own.sum())) / left
    variance = (squares - float(own @ own)) / left - mean * mean
    return mean, 1 / np.sqrt(variance) if variance > 1e-20 else 0.0


def _best(total: NDArray[np.floating], n: int) -> Rows:
    """The `n` best, equal ones by row, without those at minus infinity.

    Those above 0 are looked at alone where they are enough: what no generator says anything of has 0, and selecting
    among very many that are equal takes ten times as long.
    """
    pool = np.flatnonzero(total > 0)
    if len(pool) < n:
        pool = np.flatnonzero(total > -np.inf)
    values, n = total[pool], min(n, len(pool))
    if n < len(pool):
        best = np.argpartition(values, len(values) - n)[len(values) - n :]
        pool, values = pool[best], values[best]
    return pool[np.lexsort((pool, -values))].astype(np.int32)


def _with_likes(total: NDArray[np.floating], likes: Rows, n: int) -> Rows:
    """As `_best`, of which up to half are the best of `likes`."""
    own = np.full_like(total, -np.inf)
    own[likes] = total[likes]
    again = _best(own, n // 2)
    others = total.copy()
    others[again] = -np.inf
    items = np.concatenate([again, _best(others, n - len(again))])
    return items[np.lexsort((items, -total[items]))]


def _standardised(
    scores_of: Callable[[Rows], NDArray[np.floating]], mean: float, scale: float
) -> Callable[[Rows], Scores]:
    return lambda items: np.asarray((scores_of(items) - mean) * scale, np.float32)
