"""The whole pipeline: candidate generators, then the learned ranker or a blend, whichever measures better.

Everything is chosen and learnt on cuts inside the training data (`components/ranking/inner_split.py`): generators are
trained on what a cut knows, the ranker on what it asks for. The generators are then trained on all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.ranking.blend import blended, choose_weights, list_quality, spread_alike
from components.ranking.candidates import candidates
from components.ranking.features import FeatureMaker, Table
from components.ranking.inner_split import InnerSplit, inner_splits, short_splits
from components.ranking.learned_ranker import Examples, RankerConfig, train_ranker
from components.ranking.newcomers import choose_half_life, popularity_of
from components.ranking.pipeline_choice import Choice
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.protocol import (
    FittedRecommender,
    Recommender,
    RecommenderConfig,
    RecommenderError,
    Rows,
    Scores,
    TrainingData,
    check_trainable,
)
from components.recommenders.ranked_lists import FittedRankedLists, ranked_lists
from components.recommenders.registry import Entry, names_of

BLOCK_CELLS = 1 << 22
"""Users times items scored at once by each generator."""
K = 10
RANKER_SHARES = {"ranker": 1.0, "ranker and blend": 0.7}
DOUBT = 0.003
"""By how much a mixture must beat the ranker: the one measured has learnt from fewer cuts than the one that serves, and
another seed moves what is measured by about as much."""


@dataclass(frozen=True)
class Fitted:
    """The lists that are served; for reports how they came about, and those of the blend alone."""

    lists: FittedRankedLists
    blend: FittedRankedLists
    choice: Choice
    left_out: Mapping[str, str] = field(default_factory=dict)


class PipelineConfig(RecommenderConfig):
    """Candidate generators with a ranker over them.

    `inner` says how training data is cut to learn and choose: by time, or at random where the real split is random.
    `n_short_splits` more cuts, 4 at most, where there are times, teach how to rank for users with a handful of
    interactions.
    `depth` items per user are kept in the bundle, `max_users` users at most are learnt from per cut.
    """

    kind: Literal["pipeline"] = "pipeline"
    inner: Literal["latest", "random"] = "latest"
    n_splits: int = Field(default=5, ge=1)
    n_short_splits: int = Field(default=4, ge=0, le=4)
    n_candidates: int = Field(default=300, ge=10)
    depth: int = Field(default=200, ge=100)
    max_users: int = Field(default=20_000, ge=1)
    generators: list[Entry] = Field(default=[EaseConfig(), ItemToItemConfig()], min_length=1)
    ranker: RankerConfig = RankerConfig()

    def build(self) -> Pipeline:
        """See `Pipeline`."""
        return Pipeline(self)


@dataclass(frozen=True)
class Pipeline:
    """See the module."""

    config: PipelineConfig

    def fit(self, data: TrainingData, seed: int) -> FittedRankedLists:
        """Choose, learn and rank; a user without history gets an empty list, and so what newcomers like."""
        return self.fit_reported(data, seed).lists

    def fit_reported(self, data: TrainingData, seed: int, earlier: Choice | None = None) -> Fitted:
        """As `fit`, with what was chosen and why, and which generators refused the data.

        What was chosen `earlier`, on a part of these data, is kept where the same generators take them; else it is
        chosen anew.
        """
        check_trainable(data)
        recipes = generators_of(self.config)
        if data.item_vectors is None:
            recipes = {name: recipe for name, recipe in recipes.items() if not isinstance(recipe, ItemVectors)}
        fitted, left_out = _fit_all(recipes, data, seed)
        if not fitted:
            raise RecommenderError(f"no generator takes these data: {'; '.join(left_out.values())}")
        recipes = {name: recipes[name] for name in fitted}
        choice = earlier
        if choice is None or choice.generators != tuple(recipes):
            choice = replace(self._choose(recipes, data, seed), half_life_days=choose_half_life(data, seed))
        counts = popularity_of(choice.half_life_days).fit(data, seed).counts
        maker = FeatureMaker(data) if choice.ranker else None
        depth, n_users = min(self.config.depth, len(data.item_ids)), len(data.user_ids)
        tables = [_empty_lists(n_users, depth) for _ in range(2)]
        for users in _blocks(np.flatnonzero(np.diff(data.seen.indptr)), len(data.item_ids)):
            items, scores = candidates(fitted, users, data.seen, self.config.n_candidates)
            features = maker.table(users, np.maximum(items, 0), scores) if maker else {}
            orders = (_ordered(choice, items, scores, features), blended(scores, choice.weights))
            for (lists, values), order in zip(tables, orders, strict=True):
                best = ranked_lists(items, order, depth)
                lists[users, : best[0].shape[1]], values[users, : best[1].shape[1]] = best
        chosen, blend = (
            FittedRankedLists(lists, values, counts, method)
            for (lists, values), method in zip(tables, (choice.method, "blend"), strict=True)
        )
        return Fitted(chosen, blend, choice, left_out)

    def _choose(self, recipes: Mapping[str, Recommender], data: TrainingData, seed: int) -> Choice:
        splits = inner_splits(data, self.config.inner, self.config.n_splits, seed)
        if splits and self.config.inner == "latest":
            splits += short_splits(data, self.config.n_short_splits, self.config.max_users, seed)
        names = tuple(recipes)
        everything = dict.fromkeys(recipes, 1 / len(recipes))
        if not splits:
            return Choice("mean", everything, {}, names)
        first, scores, n_wanted = self._examples(recipes, splits[0], seed)
        learnt_from = self.config.ranker.n_candidates
        others = [self._examples(recipes, split, seed)[0].first(learnt_from) for split in splits[1:]]
        weights = choose_weights(scores, first.items, first.wanted, n_wanted, K)
        # Where each half of the users takes the weights that suit the other: a fair price for having chosen them.
        halves = np.arange(len(n_wanted)) % 2 == 0
        crossed = np.empty_like(scores[next(iter(scores))])
        for half in (halves, ~halves):
            other = {name: values[~half] for name, values in scores.items()}
            suited = choose_weights(other, first.items[~half], first.wanted[~half], n_wanted[~half], K)
            crossed[half] = blended(scores, suited or everything)[half]
        orders: dict[str, NDArray[np.floating]] = {
            "mean": blended(scores, everything),
            "blend": crossed,
        }
        apart = [part for part, split in zip(others, splits[1:], strict=True) if not split.overlaps_first]
        trial = train_ranker(apart, self.config.ranker, seed) if apart else None
        if trial:
            learned = trial.scores(first.features)
            for method in RANKER_SHARES:
                orders[method] = _mixed(method, learned, crossed, first.items)
        measured = {
            method: list_quality(order, first.items, first.wanted, n_wanted, K) for method, order in orders.items()
        }
        best = max(measured, key=lambda method: measured[method])
        if best in RANKER_SHARES and measured["ranker"] > measured[best] - DOUBT:
            best = "ranker"
        if best not in RANKER_SHARES:
            return Choice(best, weights or everything, measured, names)
        ranker = train_ranker([first, *others], self.config.ranker, seed)
        return Choice(best, weights or everything, measured, names, ranker)

    def _examples(
        self, recipes: Mapping[str, Recommender], split: InnerSplit, seed: int
    ) -> tuple[Examples, dict[str, Scores], NDArray[np.integer]]:
        fitted, _ = _fit_all(recipes, split.known, seed)
        maker = FeatureMaker(split.known)
        n_wanted = np.diff(split.wanted.indptr)
        asked = np.flatnonzero((n_wanted > 0) & (np.diff(split.known.seen.indptr) > 0))
        if len(asked) > self.config.max_users:
            drawn = np.random.default_rng(seed).choice(len(asked), self.config.max_users, replace=False)
            asked = asked[np.sort(drawn)]
        blocks = []
        for users in _blocks(asked, len(split.known.item_ids)):
            items, scores = candidates(fitted, users, split.known.seen, self.config.n_candidates)
            # A generator that refuses what a cut leaves of the data says nothing about it.
            scores |= {name: np.zeros(items.shape, np.float32) for name in recipes if name not in scores}
            scores = {name: scores[name] for name in recipes}
            features = maker.table(users, np.maximum(items, 0), scores)
            blocks.append((features, items, _is_wanted(split.wanted, users, items), scores))
        joined = {name: np.concatenate([block[0][name] for block in blocks]) for name in blocks[0][0]}
        items, wanted = (np.concatenate([block[place] for block in blocks]) for place in (1, 2))
        scores = {name: np.concatenate([block[3][name] for block in blocks]) for name in recipes}
        return Examples(joined, items, wanted), scores, n_wanted[asked]


def generators_of(config: PipelineConfig) -> dict[str, Recommender]:
    """The candidate generators by name, such as "session 2", in their order."""
    built = [entry.build() for entry in config.generators]
    return dict(zip(names_of(config.generators), built, strict=True))


def _fit_all(
    recipes: Mapping[str, Recommender], data: TrainingData, seed: int
) -> tuple[dict[str, FittedRecommender], dict[str, str]]:
    fitted: dict[str, FittedRecommender] = {}
    refusals: dict[str, str] = {}
    for name, recipe in recipes.items():
        try:
            fitted[name] = recipe.fit(data, seed)
        except RecommenderError as error:
            refusals[name] = str(error)
    return fitted, refusals


def _empty_lists(n_users: int, depth: int) -> tuple[Rows, Scores]:
    return np.full((n_users, depth), -1, np.int32), np.full((n_users, depth), np.nan, np.float32)


def _ordered(choice: Choice, items: Rows, scores: Mapping[str, Scores], features: Mapping[str, Table]) -> Table:
    if choice.method == "mean":
        return blended(scores, dict.fromkeys(scores, 1 / len(scores)))
    blend = blended(scores, choice.weights)
    if choice.ranker is None:
        return blend
    return _mixed(choice.method, choice.ranker.scores(features), blend, items)


def _mixed(method: str, learned: Table, blend: NDArray[np.floating], items: Rows) -> Table:
    share = RANKER_SHARES[method]
    return np.asarray(share * spread_alike(learned, items) + (1 - share) * spread_alike(blend, items), np.float32)


def _is_wanted(wanted: csr_array, users: NDArray[np.integer], items: Rows) -> NDArray[np.bool_]:
    dense = wanted[users].toarray() > 0
    found: NDArray[np.bool_] = np.take_along_axis(dense, np.maximum(items, 0), axis=1) & (items >= 0)
    return found


def _blocks(users: NDArray[np.integer], n_items: int) -> Iterator[NDArray[np.integer]]:
    step = max(1, BLOCK_CELLS // n_items)
    for start in range(0, len(users), step):
        yield users[start : start + step]
