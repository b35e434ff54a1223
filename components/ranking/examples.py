"""Makes what a ranker learns from: generators fitted on what a cut knows, asked for the users that it asks about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.ranking.cut_histories import AskedHistory, shortened, whole
from components.ranking.feature_groups import GroupName
from components.ranking.features import FeatureMaker, stacked
from components.ranking.history_ranker import HistoryRanker
from components.ranking.inner_split import InnerSplit
from components.ranking.learned_ranker import Examples
from components.ranking.works import RunsWorks, one_by_one
from components.recommenders.answers_history import AnswersHistory
from components.recommenders.history import histories_of
from components.recommenders.protocol import Recommender, RecommenderError, Scores, TrainingData


@dataclass(frozen=True)
class Measured:
    """Examples of whole users first, then of shortened ones; scores by generator and numbers wanted likewise.

    `users` are the rows of those whose each is.
    """

    examples: Examples
    scores: Mapping[str, Scores]
    n_wanted: NDArray[np.integer]
    n_whole: int
    users: NDArray[np.int64]

    def briefly(self, n: int) -> Measured:
        """With the `n` most promising candidates of each user, and without scores."""
        return replace(self, examples=self.examples.first(n), scores={})


def make_examples(
    recipes: Mapping[str, Recommender],
    split: InnerSplit,
    n_candidates: int,
    max_users: int,
    cut_share: float,
    seed: int,
    fitted: Mapping[str, AnswersHistory] | None = None,
    groups: Sequence[GroupName] = (),
) -> Measured:
    """Of at most `max_users` users of whom `split` knows and asks something, and again of `cut_share` of them, cut.

    `fitted` are the generators where they have been fitted on what `split` knows. Features of `groups` are there too.
    """
    if fitted is None:
        fitted, _ = fit_all(recipes, split.known, seed)
    repeats = split.known.repeats
    ranker = HistoryRanker(fitted, FeatureMaker(split.known, groups), n_candidates, repeats=repeats)
    histories = histories_of(split.known)
    asked = asked_by(split)
    rng = np.random.default_rng(seed)
    if len(asked) > max_users:
        asked = np.sort(rng.choice(asked, max_users, replace=False))
    short = shortened(histories, asked, cut_share, rng, repeats)
    return _measure(ranker, tuple(recipes), chain(whole(histories, asked), short), split, len(asked))


def asked_by(split: InnerSplit) -> NDArray[np.int64]:
    """The rows of the users of whom the cut knows something and asks something."""
    return np.flatnonzero((np.diff(split.wanted.indptr) > 0) & (np.diff(split.known.seen.indptr) > 0))


def _measure(
    ranker: HistoryRanker, names: tuple[str, ...], asked: Iterable[AskedHistory], split: InnerSplit, n_whole: int
) -> Measured:
    features, items, wanted, n_wanted, users = [], [], [], [], []
    scores: dict[str, list[Scores]] = {name: [] for name in names}
    columns: tuple[str, ...] = ()
    for each in asked:
        found = ranker.find(each.history, each.hidden)
        # A generator that refuses what a cut leaves of the data says nothing about it.
        silent = np.zeros(len(found.items), np.float32)
        said = {name: found.scores.get(name, silent) for name in names}
        table = ranker.features(each.history, replace(found, scores=said))
        columns = columns or tuple(table)
        row = slice(split.wanted.indptr[each.user], split.wanted.indptr[each.user + 1])
        targets = split.wanted.indices[row]
        features.append(stacked(table, columns))
        items.append(found.items)
        wanted.append(np.isin(found.items, targets))
        n_wanted.append(len(targets))
        users.append(each.user)
        for name, values in said.items():
            scores[name].append(values)
    width = max((len(row) for row in items), default=0)
    examples = Examples(columns, _padded(features, width, 0), _padded(items, width, -1), _padded(wanted, width, False))
    padded = {name: _padded(rows, width, 0) for name, rows in scores.items()}
    return Measured(examples, padded, np.array(n_wanted), n_whole, np.array(users, np.int64))


def _padded(rows: Sequence[NDArray[Any]], width: int, fill: float) -> NDArray[Any]:
    """`rows` below one another, filled up to `width`."""
    whole = np.full((len(rows), width, *rows[0].shape[1:]), fill, rows[0].dtype)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return whole


def fit_all(
    recipes: Mapping[str, Recommender], data: TrainingData, seed: int, run: RunsWorks = one_by_one
) -> tuple[dict[str, AnswersHistory], dict[str, str]]:
    """Every generator that takes the data, without what only its training users need; why the others refused."""
    fitted: dict[str, AnswersHistory] = {}
    refusals: dict[str, str] = {}
    outcomes = run([partial(_fit, name, recipe, data, seed) for name, recipe in recipes.items()])
    for name, outcome in zip(recipes, outcomes, strict=True):
        if isinstance(outcome, str):
            refusals[name] = outcome
        else:
            fitted[name] = outcome
    return fitted, refusals


def _fit(name: str, recipe: Recommender, data: TrainingData, seed: int) -> AnswersHistory | str:
    """The generator, or why there is none."""
    try:
        model = recipe.fit(data, seed)
    except RecommenderError as error:
        return str(error)
    if isinstance(model, AnswersHistory):
        return model.for_histories()
    return f"{name} cannot answer somebody it was not trained on"
