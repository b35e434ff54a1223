"""Chooses among settings by NDCG on an inner cut, as many as the time allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from components.metrics.evaluate import EvaluationError, evaluate
from components.ranking.inner_split import InnerSplit
from components.recommenders.protocol import Recommender, RecommenderError


@dataclass(frozen=True)
class Tuned:
    """The best setting found; `n_tried` is 0 where time was up before any was measured, or there is but one."""

    recipe: Recommender
    n_tried: int


def tune(
    grids: Mapping[str, Sequence[Recommender]],
    split: InnerSplit | None,
    k: int,
    seed: int,
    budget_seconds: float,
    now: Callable[[], float],
) -> dict[str, Tuned]:
    """The best setting of each grid on `split`, taking turns until `now` says that the budget is used up.

    The first setting of all grids is measured first, then the second, and so on. A setting that refuses the data is
    passed over. Without a split the first settings are taken.
    """
    stop = now() + budget_seconds
    best: dict[str, tuple[float, Recommender]] = {}
    tried = dict.fromkeys(grids, 0)
    for turn in range(max(map(len, grids.values()))):
        for name, recipes in grids.items():
            if split is None or len(recipes) == 1 or turn >= len(recipes) or now() >= stop:
                continue
            try:
                fitted = recipes[turn].fit(split.known, seed)
                quality = float(evaluate(fitted, split.known.seen, split.wanted, k, split.known.barred).ndcg.mean())
            except (RecommenderError, EvaluationError):
                continue
            tried[name] += 1
            if name not in best or quality > best[name][0]:
                best[name] = (quality, recipes[turn])
    return {name: Tuned(best[name][1] if name in best else recipes[0], tried[name]) for name, recipes in grids.items()}
