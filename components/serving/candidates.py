"""Finds the candidates of an answer: chooses the route, asks the recommender behind it, falls back where it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from components.config.routing import RoutingConfig
from components.ranking.because import NO_REASON
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.history_ranker import RankedHistory, no_clock
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import FoldsIn, RecentHistory, blended_scores
from components.recommenders.history import NO_HISTORY, History
from components.recommenders.protocol import Ranking, Rows, Scores
from components.routing.choose_route import Route, choose_route
from components.serving.asked import Said, rank_asked
from components.serving.bundle import Bundle
from components.serving.catalogue_wishes import CatalogueWishes
from components.serving.limits import MayShow
from components.serving.requests import RecommendRequest
from components.serving.text_reading import NO_READINGS, Readings
from components.wishes.wish import Wishes

NOTHING = np.empty(0, np.int32)
UNKNOWN_USER = -1
NO_CF_MODEL = "the release has no collaborative model"
NO_FOLD_IN = "the release has no recommender that folds in"
NO_MATCH = "no item matches the stated preferences"
NO_BRIDGE = (
    "too few users know this domain and those of the user's history: the most popular items, nearest to it first"
)
NO_QUERY_MATCH = "no item matches the query"


Rank = Callable[[History, Rows, bool], RankedHistory | None]
"""Ranks somewhere else for a history, without the hidden items, and says whether they may come again, as
`FittedPipeline.rank` would; None where it cannot."""


@dataclass(frozen=True)
class UserState:
    """Who asks, as rows of the bundle: `user` is UNKNOWN_USER for a stranger, `trained` their history in training.

    `barred` is what of that is not recommended: all of it, or what they never liked where people come back to items.
    `history` is what a pipeline ranks for, `changed` whether it is another than the one that training knows.
    """

    user: int
    trained: NDArray[np.int32]
    news: RecentHistory
    history: History = NO_HISTORY
    changed: bool = True
    barred: NDArray[np.int32] = field(default_factory=NOTHING.copy)


@dataclass(frozen=True)
class Candidates:
    """What an answer is cut from.

    Attributes:
        fallback_reason: why the intended route was left.
        source: the recommender, or several joined by "+".
        said: what was made of the words of the request, None where it has none.
        because: says why some items are there, as `components/ranking/because.py` does; None where nothing is known.
        seconds: how long each stage of a ranking took.
        suits: per item row that the situation has moved up, why.
    """

    route: Route
    fallback_reason: str | None
    source: str
    ranking: Ranking
    said: Said | None = None
    because: Callable[[Rows], Rows] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    suits: Mapping[int, str] = field(default_factory=dict)

    def without(self, rows: Rows) -> Candidates:
        """The same without these item rows."""
        if not len(rows):
            return self
        items, scores = self.ranking.items, self.ranking.scores
        left = ~np.isin(items, rows)
        return replace(self, ranking=Ranking(items[left], scores[: len(items)][left]))


class CandidateFinder:
    """Candidates of one release; the same for every request."""

    def __init__(self, bundle: Bundle, routing: RoutingConfig, clock: Callable[[], float] = no_clock) -> None:
        self._bundle = bundle
        self._routing = routing
        self._clock = clock
        self._cf = bundle.manifest.recommender
        self._labels = frozenset(bundle.content.labels)
        self.words = CatalogueWishes(bundle)
        primary = bundle.primary
        self._pipeline = primary if isinstance(primary, FittedPipeline) else None
        self._folders: dict[str, FoldsIn] = {}
        for name in routing.fold_in:
            recommender = bundle.recommenders.get(name)
            if isinstance(recommender, FoldsIn):
                self._folders[name] = recommender

    def find(
        self,
        request: RecommendRequest,
        asker: UserState,
        may: MayShow,
        readings: Readings = NO_READINGS,
        rank: Rank | None = None,
    ) -> Candidates:
        """The best `routing.candidates` items that may be shown; `rank` is asked first where a list has to be made.

        What a query or a profile says in words filters and orders, and the asker's own ranking counts as well; all else
        is up to `choose_route`.
        """
        profile, query = request.profile, request.context.query if request.context else None
        preferences = profile.preferences if profile else {}
        texts = [text for text in (query, profile.text if profile else None) if text and text.strip()]
        said, reason = None, None
        if texts:
            wishes = self.words.read(request, readings)
            if wishes.wishes:
                return self.asked(wishes, preferences, request.k, asker, may)
            said, reason = Said(wishes, (), (), ()), NO_QUERY_MATCH if query and query.strip() else NO_MATCH
        if request.domain is not None and (crossed := self._crossing(request.domain, asker, may)):
            return replace(crossed, said=said)
        return replace(self._without_words(preferences, reason, asker, may, rank), said=said)

    def _crossing(self, domain: str, asker: UserState, may: MayShow) -> Candidates | None:
        met = np.concatenate([asker.trained, asker.news.liked])
        ranking = self.words.domains.crossing(domain, met, may.exclude, self._routing.candidates)
        return None if ranking is None else Candidates("popularity", NO_BRIDGE, "popularity+content", ranking)

    def _without_words(
        self,
        preferences: Mapping[str, float],
        reason: str | None,
        asker: UserState,
        may: MayShow,
        rank: Rank | None = None,
    ) -> Candidates:
        route = self._route(asker, bool(preferences))
        if route == "content":
            if found := self._by_preferences(preferences, may.exclude):
                return found if reason is None else replace(found, fallback_reason=reason)
            reason = reason or NO_MATCH
            route = self._route(asker, False)
        return self._by_history(route, reason, asker, may, rank)

    def ranks_anew(self, asker: UserState, may: MayShow) -> bool:
        """Whether the answer has no list made ahead and takes milliseconds, in which others need not wait."""
        if self._pipeline is None or not len(asker.history):
            return False
        return asker.changed or not may.plain or self._routing.repeats != self._pipeline.repeats

    def own(self, asker: UserState, may: MayShow) -> Candidates:
        """The best `routing.candidates` items that may be shown, for somebody who says nothing."""
        return self._without_words({}, None, asker, may)

    def asked(
        self, wishes: Wishes, preferences: Mapping[str, float], k: int, asker: UserState, may: MayShow
    ) -> Candidates:
        """The best `routing.candidates` items that may be shown and fit `wishes`, of which there is at least one."""
        own: list[Candidates] = []

        def personal(out: NDArray[np.integer]) -> Ranking:
            own.append(self._without_words(preferences, None, asker, MayShow(out.astype(np.int32), again=may.again)))
            return own[-1].ranking

        n_candidates, met = self._routing.candidates, self.met(asker)
        ranking, said = rank_asked(self.words, wishes, met, may.exclude, n_candidates, k, personal, known=bool(met))
        return Candidates("content", None, f"content+{own[-1].source}", ranking, said=said)

    def met(self, asker: UserState) -> tuple[int, ...]:
        """The rows that the asker met last, oldest first."""
        last = [abs(code) - 1 for code in self._bundle.recent_of(asker.user)] or asker.trained.tolist()
        return (*last, *asker.news.seen.tolist())

    def popular(self, asker: UserState, k: int, exclude: NDArray[np.int32]) -> Ranking:
        """The `k` most popular items without `exclude`."""
        return self._bundle.recommenders["popularity"].top_k(asker.user, k, exclude)

    def _route(self, asker: UserState, has_wishes: bool) -> Route:
        news = asker.news
        n_trained, threshold = len(asker.trained), self._routing.cold_start_threshold
        return choose_route(n_trained, len(news.seen), len(news.liked), has_wishes, threshold)

    def _by_preferences(self, preferences: Mapping[str, float], exclude: NDArray[np.int32]) -> Candidates | None:
        """Candidates by stated preferences; None where no item carries any of them."""
        if not any(label.strip().casefold() in self._labels for label in preferences):
            return None
        ranking = self._bundle.content.top_k_for(preferences, self._routing.candidates, exclude)
        return Candidates("content", None, "content", ranking)

    def _by_history(
        self, route: Route, reason: str | None, asker: UserState, may: MayShow, rank: Rank | None
    ) -> Candidates:
        k, exclude = self._routing.candidates, may.exclude
        if self._pipeline is not None:
            return self._by_pipeline(self._pipeline, route, reason, asker, may, rank)
        if route == "cf" and self._cf == "popularity":
            reason = reason or NO_CF_MODEL
        elif route == "cf" and not (len(asker.news.liked) and self._folders):
            return Candidates("cf", reason, self._cf, self._bundle.primary.top_k(asker.user, k, exclude))
        elif route == "cf":
            source, scores = self._updated(asker)
            return Candidates("cf", reason, source, top_k_of_scores(scores, k, exclude))
        elif route == "fold_in" and self._folders:
            scores = blended_scores([folder.scores_from(asker.news) for folder in self._folders.values()])
            return Candidates("fold_in", reason, "+".join(self._folders), top_k_of_scores(scores, k, exclude))
        elif route == "fold_in":
            reason = reason or NO_FOLD_IN
        return Candidates("popularity", reason, "popularity", self.popular(asker, k, exclude))

    def _by_pipeline(
        self,
        pipeline: FittedPipeline,
        route: Route,
        reason: str | None,
        asker: UserState,
        may: MayShow,
        rank: Rank | None,
    ) -> Candidates:
        """One way for everybody whose history holds anything; a list made ahead where it is the one of training."""
        k, history = self._routing.candidates, asker.history
        if route == "popularity" or not len(history):
            return Candidates("popularity", reason, "popularity", self.popular(asker, k, may.exclude))
        ranked, again = None, may.again or self._routing.repeats
        if may.plain and not asker.changed and self._routing.repeats == pipeline.repeats:
            ranked = pipeline.kept(asker.user)
        if ranked is None or (len(may.off) and np.isin(ranked.ranking.items, may.off).any()):
            unliked = np.setdiff1d(history.met, history.likes) if again and not may.again else NOTHING
            hidden = np.concatenate([may.exclude, unliked])
            ranked = rank and rank(history, hidden, again)
        if ranked is None:
            ranked = pipeline.rank(history, hidden, again=again, clock=self._clock)
        best = Ranking(ranked.ranking.items[:k], ranked.ranking.scores[:k])
        return Candidates(route, reason, self._cf, best, because=ranked.because, seconds=ranked.seconds)

    def _updated(self, asker: UserState) -> tuple[str, Scores]:
        """Source and scores of every item for a known user with new likes.

        A primary recommender that folds in does it alone. What one that does not says of the user's trained state
        weighs as much as what those that do say of old and new interactions together.
        """
        n_known = len(asker.trained)
        if self._cf in self._folders:
            return self._cf, self._folders[self._cf].scores_from(asker.news, asker.user, n_known)
        trained = self._bundle.primary.scores(np.array([asker.user]))[0]
        folded = [folder.scores_from(asker.news, asker.user, n_known) for folder in self._folders.values()]
        return "+".join([self._cf, *self._folders]), blended_scores([trained, blended_scores(folded)])


def codes_of(found: Candidates, rows: Rows) -> list[int]:
    """`because` of each of `rows`, in their order."""
    codes: list[int] = [NO_REASON] * len(rows) if found.because is None else found.because(rows).tolist()
    return codes
