"""The fitted pipeline as a folder and as a recommender: it ranks for any history, and keeps lists of those it knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from components.ranking.because import NO_REASON
from components.ranking.features import FeatureMaker
from components.ranking.history_ranker import HistoryRanker, RankedHistory, explained_by, no_clock
from components.ranking.pipeline_choice import Choice, load_choice, save_choice
from components.ranking.works import RunsWorks, one_by_one
from components.recommenders.answers_history import AnswersHistory
from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.events import events_of, ones
from components.recommenders.factors import FittedFactors
from components.recommenders.history import Histories, History, histories_of
from components.recommenders.item_weights import FittedItemWeights
from components.recommenders.protocol import Events, Ranking, RecommenderError, Rows, Scores, TrainingData
from components.recommenders.ranked_lists import FittedRankedLists
from components.recommenders.saved import load_recommender
from components.retrieval.indexed_factors import IndexedFactors
from components.retrieval.item_index import ItemIndex

SIMILAR_BY = ("ease_valued", "ease", "item_to_item", "lightfm", "ials", "spectral")
"""Kinds of generators that say what is like an item, the best first (docs/measurements.md)."""
EXPLAINED = 100
"""As many as an answer may hold."""
PARTS = 4
"""Of the users, whose lists are made at once where there are processors for it."""
LISTS, GENERATORS, CHOICE, LABELS = "lists", "generators", "choice", "labels.json"


@dataclass(frozen=True)
class FittedPipeline:
    """Ranks for histories; `lists` are what `ranker` gives for those of training, kept so that nobody waits for them.

    Attributes:
        because: why the first items of each list are there, as `Because.of` says it, (n_users, EXPLAINED).
        data: what the features look up; of users nothing but their events.
        n_candidates: how many the ranker orders.
    """

    ranker: HistoryRanker
    lists: FittedRankedLists
    because: Rows
    data: TrainingData
    choice: Choice
    n_candidates: int

    form: ClassVar[str] = "pipeline"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return self.lists.n_users

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return self.lists.n_items

    @cached_property
    def histories(self) -> Histories:
        """What training knows of each user."""
        return histories_of(self.data)

    @property
    def repeats(self) -> bool:
        """Whether its lists hold again what users liked."""
        return self.ranker.repeats

    def rank(
        self,
        history: History,
        hidden: NDArray[np.integer],
        allowed: NDArray[np.bool_] | None = None,
        again: bool | None = None,
        clock: Callable[[], float] = no_clock,
    ) -> RankedHistory:
        """What the history gives, whoever has it, without the `hidden` items; see `HistoryRanker.rank`."""
        return self.ranker.rank(history, hidden, allowed, again, clock)

    def kept(self, user: int) -> RankedHistory:
        """What `rank` gives for the history that training knows of the user, made ahead."""
        listed = int((self.lists.lists[user] >= 0).sum())
        ranking = Ranking(self.lists.lists[user, :listed], self.lists.values[user, :listed])
        return explained_by(ranking, self.because[user], {})

    def lists_of_blend(self) -> FittedRankedLists:
        """What the blend alone would give, for reports."""
        blend = self.ranker.with_choice(replace(self.choice, method="blend", ranker=None))
        return make_lists(blend, self.data, self.lists.lists.shape[1], self.lists.counts, "blend")[0]

    def factors_of(self, users: NDArray[np.integer]) -> FittedFactors | None:
        """The first generator with factors, and as its users those of `users` who have a history; None without one."""
        for generator in self.ranker.generators.values():
            if isinstance(generator, FittedFactors):
                known = [history for history in map(self.histories.of, users.tolist()) if len(history)]
                width = generator.item_factors.shape[1]
                vectors = np.array([generator.vector_of(history) for history in known], np.float32)
                return replace(generator, user_factors=vectors.reshape(len(known), width))
        return None

    def with_index(self, index_of: Callable[[FittedFactors], ItemIndex], effort: int) -> FittedPipeline:
        """The same, whose generator with factors (see `factors_of`) asks an index instead of scoring every item."""
        generators = dict(self.ranker.generators)
        for name, generator in generators.items():
            if isinstance(generator, FittedFactors):
                generators[name] = IndexedFactors(generator, index_of(generator), effort)
                break
        return replace(self, ranker=self.ranker.with_generators(generators))

    def similar(self, item: int, k: int) -> tuple[Ranking, str] | None:
        """The `k` items most like `item` by what users do, and by which generator; None for one that nobody has met."""
        says = FittedItemWeights | FittedFactors | IndexedFactors
        for kind in SIMILAR_BY:
            for name, generator in self.ranker.generators.items():
                if name.rsplit(" ", 1)[0] == kind and isinstance(generator, says):
                    ranking = generator.similar(item, k)
                    good = ranking.scores > 0
                    if good.any():
                        return Ranking(ranking.items[good], ranking.scores[good]), kind
        return None

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); items outside a user's list get less than 1."""
        return self.lists.scores(users)

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return self.lists.top_k(user, k, exclude)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        events, numbers = events_of(self.data), self.data.item_numbers
        header = {
            "form": self.form,
            "n_users": self.n_users,
            "n_candidates": self.n_candidates,
            "generators": list(self.ranker.generators),
            "repeats": self.repeats,
            "kinds": self.data.kinds,
            "traits": list(self.data.traits),
        }
        arrays: dict[str, NDArray[Any]] = {
            "users": events.users,
            "items": events.items,
            "values": events.values,
            "liked": events.liked,
            "seconds": events.seconds,
            "because": self.because,
        }
        if numbers is not None:
            arrays["item_numbers"] = numbers
        if events.kinds is not None:
            arrays["kinds"] = events.kinds
        arrays |= {f"trait_{place}": codes for place, codes in enumerate(self.data.traits.values())}
        write_arrays(folder, header, arrays)
        (folder / LABELS).write_text(json.dumps(self.data.item_labels, ensure_ascii=False) + "\n")
        self.lists.save(folder / LISTS)
        save_choice(folder / CHOICE, self.choice)
        for place, generator in enumerate(self.ranker.generators.values()):
            generator.save(folder / GENERATORS / str(place))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; the ranker needs lightgbm.

        Raises:
            RecommenderError: a file is missing or broken.
        """
        header, choice = read_header(folder), load_choice(folder / CHOICE)
        lists = FittedRankedLists.load(folder / LISTS)
        kinds = read_array(folder, "kinds") if header.get("kinds") else None
        columns = (read_array(folder, name) for name in ("users", "items", "values", "liked", "seconds"))
        events = replace(Events(*columns), kinds=kinds)
        try:
            labels = tuple(map(tuple, json.loads((folder / LABELS).read_text())))
        except (OSError, ValueError) as error:
            raise RecommenderError(f"{folder / LABELS} cannot be read: {error}") from error
        numbers = read_array(folder, "item_numbers") if (folder / "item_numbers.npy").is_file() else None
        shape = (int(header["n_users"]), lists.n_items)
        seen, liked = (
            ones(events.users, events.items, shape),
            ones(events.users[events.liked], events.items[events.liked], shape),
        )
        ids = tuple(map(str, range(shape[0]))), tuple(map(str, range(shape[1])))
        repeats = bool(header.get("repeats", False))
        data = TrainingData(*ids, liked, seen, labels, events=events, item_numbers=numbers, repeats=repeats)
        traits = {name: read_array(folder, f"trait_{place}") for place, name in enumerate(header.get("traits", ()))}
        data = replace(data, kinds=tuple(header.get("kinds", ())), traits=traits)
        generators: dict[str, AnswersHistory] = {}
        for place, name in enumerate(header["generators"]):
            model = load_recommender(folder / GENERATORS / str(place))
            if not isinstance(model, AnswersHistory):
                raise RecommenderError(f"{folder / GENERATORS / str(place)} holds no generator of candidates")
            generators[name] = model
        n_candidates = int(header["n_candidates"])
        ranker = HistoryRanker(generators, FeatureMaker(data, choice.groups), n_candidates, choice, repeats)
        return cls(ranker, lists, read_array(folder, "because"), data, choice, n_candidates)


def make_lists(
    ranker: HistoryRanker, data: TrainingData, depth: int, counts: Scores, method: str, run: RunsWorks = one_by_one
) -> tuple[FittedRankedLists, Rows]:
    """What `ranker` gives for the history of each user, the best `depth`, and why (`FittedPipeline.because`).

    `counts` is the popularity behind the lists.
    """
    histories, n_users = histories_of(data), len(data.user_ids)
    parts = [range(n_users * part // PARTS, n_users * (part + 1) // PARTS) for part in range(PARTS)]
    made = run([partial(_lists_of, ranker, histories, users, depth) for users in parts])
    lists, values, because = (np.concatenate(column) for column in zip(*made, strict=True))
    return FittedRankedLists(lists, values, counts, method), because


def _lists_of(ranker: HistoryRanker, histories: Histories, users: range, depth: int) -> tuple[Rows, Scores, Rows]:
    lists, values = np.full((len(users), depth), -1, np.int32), np.full((len(users), depth), np.nan, np.float32)
    because = np.full((len(users), EXPLAINED), NO_REASON, np.int32)
    for row, user in enumerate(users):
        history = histories.of(user)
        if len(history):
            ranked = ranker.rank(history)
            ranking = ranked.ranking
            best = min(len(ranking), depth)
            reasons = ranked.because(ranking.items[: min(EXPLAINED, depth)])
            because[row, : len(reasons)] = reasons
            lists[row, :best], values[row, :best] = ranking.items[:best], ranking.scores[:best]
    return lists, values, because


def load_model(folder: Path) -> Any:
    """The recommender saved in `folder`, a pipeline or any other."""
    if read_header(folder).get("form") == FittedPipeline.form:
        return FittedPipeline.load(folder)
    return load_recommender(folder)
