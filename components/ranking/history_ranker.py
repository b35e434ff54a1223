"""Ranks for a history, whoever has it: candidates, features, the chosen order. Training asks it as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from components.ranking.because import NO_REASON, Because
from components.ranking.blend import blended, spread_alike
from components.ranking.breakdown import ItemBreakdown, break_down
from components.ranking.candidates import NOTHING, Found, find_candidates
from components.ranking.features import FeatureMaker, stacked
from components.ranking.pipeline_choice import Choice
from components.recommenders.answers_history import AnswersHistory
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, Rows, Scores

RANKER_SHARES = {"ranker": 1.0, "ranker and blend": 0.7}


@dataclass(frozen=True, slots=True)
class RankedHistory:
    """A ranking of candidates.

    Attributes:
        because: what some of them are there for (`Because.of`), which is only worked out where somebody asks.
        seconds: how long each stage took.
    """

    ranking: Ranking
    because: Callable[[Rows], Rows]
    seconds: Mapping[str, float] = field(default_factory=dict)


def explained_by(ranking: Ranking, codes: Rows, seconds: Mapping[str, float]) -> RankedHistory:
    """A ranking whose first items are there for `codes`; of others nothing is known."""
    known = dict(zip(ranking.items.tolist(), codes.tolist(), strict=False))
    return RankedHistory(
        ranking, lambda items: np.array([known.get(row, NO_REASON) for row in items.tolist()], np.int32), seconds
    )


def no_clock() -> float:
    """For whoever does not want to know how long something takes."""
    return 0.0


class HistoryRanker:
    """What a pipeline knows of items, and the order that it has chosen.

    Args:
        generators: in the order of the choice.
        repeats: whether it was made to recommend again what a history likes.
    """

    def __init__(
        self,
        generators: Mapping[str, AnswersHistory],
        maker: FeatureMaker,
        n_candidates: int,
        choice: Choice | None = None,
        repeats: bool = False,
    ) -> None:
        self.generators = dict(generators)
        self._maker = maker
        self._n_candidates = n_candidates
        self._choice = choice
        self.repeats = repeats
        self._reasons = Because(maker.n_items)

    def with_choice(self, choice: Choice) -> HistoryRanker:
        """The same generators and features, ordered otherwise."""
        return HistoryRanker(self.generators, self._maker, self._n_candidates, choice, self.repeats)

    def with_generators(self, generators: Mapping[str, AnswersHistory]) -> HistoryRanker:
        """The same features and order, with other ways to find what is ranked."""
        return HistoryRanker(generators, self._maker, self._n_candidates, self._choice, self.repeats)

    def find(
        self,
        history: History,
        hidden: NDArray[np.integer] = NOTHING,
        allowed: NDArray[np.bool_] | None = None,
        again: bool | None = None,
    ) -> Found:
        """The candidates of somebody with at least one interaction; see `find_candidates`.

        `again` says whether what they have met may come again; None: what they like, if the ranker was made for that.
        """
        if again is None and self.repeats:
            hidden, again = np.concatenate([hidden, np.setdiff1d(history.met, history.likes)]), True
        return find_candidates(self.generators, history, self._n_candidates, hidden, allowed, bool(again))

    def features(self, history: History, found: Found) -> dict[str, NDArray[np.floating]]:
        """What the ranker sees of the candidates, by name."""
        return self._maker.table(history, found.items, found.scores)

    def rank(
        self,
        history: History,
        hidden: NDArray[np.integer] = NOTHING,
        allowed: NDArray[np.bool_] | None = None,
        again: bool | None = None,
        clock: Callable[[], float] = no_clock,
    ) -> RankedHistory:
        """The candidates of `find` in the chosen order; scores fall, the last one's is 2. `clock` returns seconds."""
        start = clock()
        found = self.find(history, hidden, allowed, again)
        at_hand = clock()
        order, described = self._order(history, found, clock)
        ranking = _in_order(found, order)
        seconds = {"retrieval": at_hand - start, "features": described - at_hand, "ranker": clock() - described}
        return RankedHistory(ranking, lambda items: self._reasons.of(history, found, items), seconds)

    def order(self, history: History, found: Found) -> Ranking:
        """The ranking of `rank` of what `find` gave, without the reasons."""
        return _in_order(found, self._order(history, found, no_clock)[0])

    def explain(
        self,
        history: History,
        wanted: Sequence[int],
        hidden: NDArray[np.integer] = NOTHING,
        again: bool | None = None,
        n_pushes: int = 8,
    ) -> list[ItemBreakdown]:
        """What stands behind the places that `rank` gives to these item rows; those that are no candidates are left
        out."""
        found = self.find(history, hidden, None, again)
        ranked = self.order(history, found).items
        choice = self._choice
        unlearnt = choice is None or choice.method in ("mean", "blend") or choice.value is not None
        ranker = None if choice is None or unlearnt else choice.ranker
        features = None if ranker is None else self.features(history, found)
        return break_down(found, ranked, wanted, ranker, features, n_pushes)

    def _order(self, history: History, found: Found, clock: Callable[[], float]) -> tuple[Scores, float]:
        """A score for each candidate, and when its features were at hand."""
        choice, scores = self._choice, found.scores
        assert choice is not None  # noqa: S101 whoever ranks has chosen
        if choice.value is not None:
            rows = stacked(self.features(history, found), choice.value.names)
            described = clock()
            return choice.value.scores(rows, self._maker.prices[found.items]), described
        if choice.method == "mean":
            return blended(scores, dict.fromkeys(scores, 1 / len(scores))), clock()
        if choice.ranker is None:
            return blended(scores, choice.weights), clock()
        rows = stacked(self.features(history, found), choice.ranker.names)
        described = clock()
        learned = choice.ranker.scores(rows)
        if choice.method == "ranker":
            return learned, described
        blend = blended(scores, choice.weights)
        order: Scores = mixed(choice.method, learned[None], blend[None], found.items[None])[0]
        return order, described


def _in_order(found: Found, order: Scores) -> Ranking:
    """The candidates by these scores, moved so that the last one's is 2."""
    order = order - order.min(initial=np.inf) + 2 if len(order) else order
    place = np.lexsort((found.items, -order))
    return Ranking(found.items[place], order[place])


def mixed(method: str, learned: Scores, blend: Scores, items: NDArray[np.int32]) -> Scores:
    """Ranker and blend in the method's shares, standardised per user, (n_users, n_candidates)."""
    share = RANKER_SHARES[method]
    return np.asarray(share * spread_alike(learned, items) + (1 - share) * spread_alike(blend, items), np.float32)
