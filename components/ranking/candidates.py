"""The candidates of a history: the items with the best mean score over all generators, and what each generator says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.answers_history import AnswersHistory, Asked
from components.recommenders.history import History
from components.recommenders.protocol import Rows, Scores

NOTHING = np.empty(0, np.int32)


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
    """At most `n_candidates` items that are not of the history, not `hidden` and, where that is given, `allowed`.

    With `again` those of the history may come too, and the best that it likes are always there: up to half of all.

    Scores are the same whatever is hidden: those of an item do not depend on which others may be shown.
    """
    met, total = history.met, None
    apart = NOTHING if again else met
    asked: dict[str, tuple[Asked, float]] = {}
    raw: dict[str, tuple[NDArray[np.floating], float, float]] = {}
    for name, generator in generators.items():
        scores, said = generator.score_history(history)
        mean, scale = _standard(np.asarray(scores, np.float64), apart)
        raw[name] = (scores, mean, scale)
        if said is not None:
            asked[name] = (said, scale)
        share = scores * (scale / len(generators))
        total = share if total is None else total + share
    assert total is not None  # noqa: S101 a pipeline has generators
    if not again:
        total[met] = -np.inf
    total[hidden] = -np.inf
    if allowed is not None:
        total[~allowed] = -np.inf
    items = _with_likes(total, history.likes, n_candidates) if again else _best(total, n_candidates)
    return Found(items, {name: _at(items, *parts) for name, parts in raw.items()}, asked)


def _standard(scores: NDArray[np.float64], met: Rows) -> tuple[float, float]:
    """Mean and 1 / standard deviation over the items not in `met`; 0 for the latter where all score alike."""
    left = max(len(scores) - len(met), 1)
    own = scores[met]
    mean = float(scores.sum() - own.sum()) / left
    variance = float(scores @ scores - own @ own) / left - mean * mean
    return mean, 1 / np.sqrt(variance) if variance > 1e-20 else 0.0


def _best(total: NDArray[np.floating], n: int) -> Rows:
    n = min(n, len(total))
    items = np.argpartition(total, len(total) - n)[len(total) - n :] if n < len(total) else np.arange(n)
    values = total[items]
    order = np.lexsort((items, -values))[: int(np.isfinite(values).sum())]
    return items[order].astype(np.int32)


def _with_likes(total: NDArray[np.floating], likes: Rows, n: int) -> Rows:
    """As `_best`, of which up to half are the best of `likes`."""
    own = np.full_like(total, -np.inf)
    own[likes] = total[likes]
    again = _best(own, n // 2)
    others = total.copy()
    others[again] = -np.inf
    items = np.concatenate([again, _best(others, n - len(again))])
    return items[np.lexsort((items, -total[items]))]


def _at(items: Rows, scores: NDArray[np.floating], mean: float, scale: float) -> Scores:
    return np.asarray((scores[items] - mean) * scale, np.float32)
