"""The whole pipeline: candidate generators, then the learned ranker or a blend, whichever measures better.

Everything is chosen and learnt on cuts inside the training data (`components/ranking/inner_split.py`): generators are
trained on what a cut knows, the ranker on what it asks for. The generators are then trained on all of it. Every
history, of an example, of a known user or of a stranger, goes through the same `HistoryRanker`.

Past 250 lines, as choosing, learning and fitting share one order of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from components.ranking.blend import blended
from components.ranking.blend_weights import learn_weights, opinions_in
from components.ranking.cut_trials import judge_in_turn, trials_of, worth_to_users
from components.ranking.examples import Measured, asked_by, fit_all, make_examples
from components.ranking.feature_groups import GroupName, without_groups
from components.ranking.features import FeatureMaker
from components.ranking.fitted_pipeline import FittedPipeline, make_lists
from components.ranking.group_choice import choose_groups
from components.ranking.history_ranker import RANKER_SHARES, HistoryRanker, mixed
from components.ranking.inner_split import InnerSplit, few_users, inner_splits, short_splits
from components.ranking.learned_ranker import Examples, LearnedRanker, RankerConfig, train_ranker
from components.ranking.method_choice import DOUBT, choose_method
from components.ranking.newcomers import choose_half_life, popularity_of
from components.ranking.pipeline_choice import Choice
from components.ranking.value_model import Objective, ValueModel, ValueWeights, learn_value
from components.ranking.works import RunsWorks, one_by_one
from components.recommenders.again import Again
from components.recommenders.answers_history import AnswersHistory
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.needs import Needs, Size
from components.recommenders.protocol import (
    Recommender,
    RecommenderConfig,
    RecommenderError,
    Scores,
    TrainingData,
    check_trainable,
)
from components.recommenders.registry import Entry, names_of

N_FEATURES = 50
"""Of a candidate, about."""


@dataclass(frozen=True)
class Learned:
    """The order, the popularity that newcomers get, (n_items,), what was chosen, and which generators refused."""

    ranker: HistoryRanker
    counts: Scores
    choice: Choice
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """What is served; for reports how it came about, and which generators refused the data."""

    served: FittedPipeline
    choice: Choice
    left_out: Mapping[str, str] = field(default_factory=dict)


class PipelineConfig(RecommenderConfig):
    """Candidate generators with a ranker over them.

    `inner` says how training data is cut to learn and choose: by time, or at random where the real split is random.
    `cut_share` of the users of every cut are learnt from a second time, with but their last few interactions.
    `n_short_splits` more cuts, 4 at most, where there are times, are made of strangers cut out of histories.
    `depth` items per user are kept in the bundle, `max_users` users at most are learnt from per cut, and `max_examples`
    histories over all cuts, with about `max_wanted` wanted items: more of them move the ranker little, and time and
    memory grow with them. Cuts are made of
    `max_interactions` at most, those of users drawn by lot: generators of a cut that know fewer users teach it nearly
    the same, and what is served is fitted to all.
    `feature_groups` are tried on the choosing cut, in their order, where the data have something for them; the ranker
    takes those that gain. `value` says what else than likes counts in the order (`components/ranking/value_model.py`).
    """

    kind: Literal["pipeline"] = "pipeline"
    inner: Literal["latest", "random"] = "latest"
    n_splits: int = Field(default=5, ge=1)
    cut_share: float = Field(default=0.5, ge=0, le=1)
    n_short_splits: int = Field(default=0, ge=0, le=4)
    n_candidates: int = Field(default=300, ge=10)
    depth: int = Field(default=200, ge=100)
    max_users: int = Field(default=20_000, ge=1)
    max_examples: int = Field(default=20_000, ge=1)
    max_wanted: int = Field(default=75_000, ge=1)
    max_interactions: int = Field(default=2_000_000, ge=1)
    generators: list[Entry] = Field(default=[EaseConfig(), ItemToItemConfig()], min_length=1)
    feature_groups: list[GroupName] = Field(default=[])
    value: ValueWeights = ValueWeights()
    ranker: RankerConfig = RankerConfig()

    def build(self) -> Pipeline:
        """See `Pipeline`."""
        return Pipeline(self)

    def needs(self, size: Size) -> Needs:
        """Its largest generator and the examples of a cut; and the time of all cuts and of what is served."""
        each = [entry.needs(size) for entry in self.generators]
        histories = min(size.users * (1 + self.cut_share), self.max_examples / self.n_splits)
        n_judges = self.n_splits if self.inner == "random" else 1
        examples = (2 + n_judges) * 4 * N_FEATURES * histories * self.n_candidates / 1e6
        share = min(1.0, self.max_interactions / max(size.interactions, 1))
        seconds = (1 + self.n_splits * share) * sum(need.seconds for need in each)
        return Needs(max(need.megabytes for need in each) + examples, seconds)


@dataclass(frozen=True)
class Pipeline:
    """See the module; `run` is given what can be done at once, which changes no bit of the result."""

    config: PipelineConfig
    run: RunsWorks = one_by_one

    def fit(self, data: TrainingData, seed: int) -> FittedPipeline:
        """Choose, learn and rank; a user without history gets what newcomers like."""
        return self.fit_reported(data, seed).served

    def fit_reported(self, data: TrainingData, seed: int, earlier: Choice | None = None) -> Fitted:
        """As `fit`, with what was chosen and why, and which generators refused the data; see `learn`."""
        learned = self.learn(data, seed, earlier)
        depth, n_candidates = min(self.config.depth, len(data.item_ids)), self.config.n_candidates
        lists, because = make_lists(learned.ranker, data, depth, learned.counts, learned.choice.method, self.run)
        served = FittedPipeline(learned.ranker, lists, because, data, learned.choice, n_candidates)
        return Fitted(served, learned.choice, learned.left_out)

    def learn(
        self, data: TrainingData, seed: int, earlier: Choice | None = None, chosen_by: InnerSplit | None = None
    ) -> Learned:
        """What orders candidates, before any list is made.

        What was chosen `earlier`, on a part of these data, is kept where the same generators take them; else it is
        chosen anew, by `chosen_by` where that is given: a cut that asks for nothing that `data` holds.
        """
        check_trainable(data)
        recipes = generators_of(self.config)
        idle = (*(() if data.repeats else (Again,)), *(() if data.item_vectors is not None else (ItemVectors,)))
        recipes = {name: recipe for name, recipe in recipes.items() if not isinstance(recipe, idle)}
        splits = [] if earlier else self._splits(data, seed, chosen_by)
        begun = None if earlier or chosen_by else self._begin(recipes, data, splits, seed)
        fitted, left_out = next(begun) if begun else fit_all(recipes, data, seed, self.run)
        if not fitted:
            raise RecommenderError(f"no generator takes these data: {'; '.join(left_out.values())}")
        recipes = {name: recipes[name] for name in fitted}
        choice = earlier
        maker = None if choice is None else FeatureMaker(data, choice.groups)
        counts_alike = choice is not None and self._weights == (choice.value.weights if choice.value else None)
        fits = choice is not None and choice.generators == tuple(recipes) and counts_alike
        if choice is None or maker is None or not fits or maker.groups != choice.groups:
            splits = splits or self._splits(data, seed, chosen_by)
            if begun is None or left_out:
                known = fitted if chosen_by and splits and splits[0] is chosen_by and chosen_by.known is data else None
                begun = self.run(self._examples(recipes, splits, seed, known))
            chosen = self._choose(recipes, data, seed, splits, begun, chosen_by)
            choice = replace(chosen, half_life_days=choose_half_life(data, seed))
            maker = FeatureMaker(data, choice.groups)
        counts = popularity_of(choice.half_life_days).fit(data, seed).counts
        ranker = HistoryRanker(fitted, maker, self.config.n_candidates, choice, data.repeats)
        return Learned(ranker, counts, choice, left_out)

    @property
    def _weights(self) -> dict[Objective, float] | None:
        """What counts, None where likes alone do."""
        return None if self.config.value.likes_alone else self.config.value.by_objective

    def _splits(self, data: TrainingData, seed: int, chosen_by: InnerSplit | None) -> list[InnerSplit]:
        """The cuts that ask for something, the one that chooses first."""
        data = few_users(data, self.config.max_interactions, seed)
        splits = inner_splits(data, self.config.inner, self.config.n_splits, seed)
        if splits and self.config.inner == "latest":
            splits += short_splits(data, self.config.n_short_splits, self.config.max_users, seed)
        return [split for split in ([chosen_by] if chosen_by else []) + splits if len(asked_by(split))]

    def _choose(
        self,
        recipes: Mapping[str, Recommender],
        data: TrainingData,
        seed: int,
        splits: Sequence[InnerSplit],
        made: Generator[Measured, None, None],
        chosen_by: InnerSplit | None,
    ) -> Choice:
        """What orders candidates best by the examples that are `made` of each of `splits`."""
        names = tuple(recipes)
        everything = dict.fromkeys(recipes, 1 / len(recipes))
        if not splits and self._weights is not None:
            raise RecommenderError(
                "train.recommender.value counts more than likes, but there is too little data to learn from; "
                "set it to {like: 1} until there is more"
            )
        if not splits:
            return Choice("mean", everything, {}, names)
        parts, given = list(made), splits[0] is chosen_by
        trials = trials_of(parts, splits, given)
        first, in_turn = trials[0], len(trials) > 1

        def worth(orders: Sequence[Scores]) -> NDArray[np.float64]:
            return worth_to_users(trials, orders)

        weights = learn_weights([opinions_in(each.examples, names, np.arange(each.n_whole)) for each in parts], names)
        mean = [blended(trial.scores, everything) for trial in trials]
        blend = [trial.blend(everything, of_others=in_turn) for trial in trials]
        if worth(mean).mean() >= worth(blend).mean():
            weights, blend = everything, mean
        each = {"mean": worth(mean), "blend": worth(blend)}
        groups = self._groups_of(first.judge.examples)

        def seen_with(taken: Sequence[GroupName]) -> tuple[str, ...]:
            return without_groups(first.judge.examples.names, [group for group in groups if group not in taken])

        def train(examples: Sequence[Examples], taken: Sequence[GroupName] = ()) -> LearnedRanker | None:
            return train_ranker(examples, self.config.ranker, seed, seen_with(taken))

        whole = [part.examples for part in parts]
        # The one that serves is begun with the trials, unless it is the trial: most often it takes no groups.
        teachers = [trial.examples for trial in trials]
        trained = self.run([partial(train, examples) for examples in ([*teachers] if given else [*teachers, whole])])
        chosen = None
        if first.teachers:
            chosen = choose_groups(
                groups,
                lambda taken: train(teachers[0], taken) if taken else next(trained),
                lambda ranker: first.worth(first.ordered_by(ranker)),
            )
        taken, gains = (chosen.taken, chosen.gains) if chosen else ((), {})
        others = [next(trained) for _ in trials[1:]] if chosen else []
        if taken:
            others = [train(examples, taken) for examples in teachers[1:]]
        rankers = [ranker for ranker in (chosen.trial if chosen else None, *others) if ranker]
        if len(rankers) == len(trials):
            learned = [trial.ordered_by(ranker) for trial, ranker in zip(trials, rankers, strict=True)]
            both = [
                mixed("ranker and blend", one, other, trial.judge.examples.items[: trial.judge.n_whole])
                for trial, one, other in zip(trials, learned, blend, strict=True)
            ]
            each |= {"ranker": worth(learned), "ranker and blend": worth(both)}
        measured = {method: float(values.mean()) for method, values in each.items()}
        best = choose_method(each, 0.0 if given else DOUBT)
        value = None
        if self._weights is not None:
            learnt_from = self.config.ranker.n_candidates
            value = self._value(data, [part.briefly(learnt_from) for part in parts], splits, seen_with(taken), seed)
        ranker = None
        if best in RANKER_SHARES:
            ranker = rankers[0] if given else train(whole, taken) if taken else next(trained)
        taken = taken if ranker or value else ()
        return Choice(best, weights or everything, measured, names, ranker, None, taken, gains, value)

    def _value(
        self,
        data: TrainingData,
        measured: Sequence[Measured],
        splits: Sequence[InnerSplit],
        names: tuple[str, ...],
        seed: int,
    ) -> ValueModel:
        told = [(each, split.asked) for each, split in zip(measured, splits, strict=True) if split.asked is not None]
        parts = [(each.examples.seeing(names), each.users, asked) for each, asked in told]
        return learn_value(self.config.value, parts, data.kinds, self.config.ranker, seed)

    def _groups_of(self, examples: Examples) -> tuple[GroupName, ...]:
        """Those that the settings name and that the data have something for."""
        present = {name.split(": ")[0] for name in examples.names}
        return tuple(group for group in dict.fromkeys(self.config.feature_groups) if group in present)

    def _begin(
        self, recipes: Mapping[str, Recommender], data: TrainingData, splits: Sequence[InnerSplit], seed: int
    ) -> Generator[Any, None, None]:
        """The generators as `fit_all` fits them, then the examples of each cut as if all of them took the data."""
        return self.run([partial(fit_all, recipes, data, seed), *self._examples(recipes, splits, seed)])

    def _examples(
        self,
        recipes: Mapping[str, Recommender],
        splits: Sequence[InnerSplit],
        seed: int,
        fitted: Mapping[str, AnswersHistory] | None = None,
    ) -> list[Callable[[], Measured]]:
        """What makes them of each cut, all candidates of what judges; `fitted` are the generators on what the first
        knows."""
        config = self.config
        copies = max(len(splits), 1) * (1 + config.cut_share)
        in_turn = judge_in_turn(splits)

        def users_of(split: InnerSplit) -> int:
            wanted = split.wanted.nnz / max(len(asked_by(split)), 1)
            n_users = int(min(config.max_examples, config.max_wanted / max(wanted, 1.0)) / copies)
            return min(config.max_users, max(1, n_users))

        def make(split: InnerSplit) -> Measured:
            first = split is splits[0]
            made = make_examples(
                recipes,
                split,
                config.n_candidates,
                users_of(split),
                config.cut_share,
                seed,
                fitted if first else None,
                config.feature_groups,
            )
            return made if first or in_turn else made.briefly(config.ranker.n_candidates)

        return [partial(make, split) for split in splits]


def generators_of(config: PipelineConfig) -> dict[str, Recommender]:
    """The candidate generators by name, such as "session 2", in their order."""
    built = [entry.build() for entry in config.generators]
    return dict(zip(names_of(config.generators), built, strict=True))
