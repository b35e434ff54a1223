"""Answers a parsed request from a bundle: candidates, a second opinion, variety, filling up, explanations.

Past 250 lines, as recommending, searching and likeness share one state of the user and one order of steps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from components.config.routing import RoutingConfig
from components.ranking.diversity import diversify
from components.ranking.exploration import explore
from components.ranking.fitted_pipeline import EXPLAINED, FittedPipeline
from components.ranking.history_ranker import RankedHistory, no_clock
from components.recommenders.factors import FittedFactors
from components.recommenders.fold_in import NO_NEWS
from components.recommenders.history import NO_HISTORY, History
from components.recommenders.protocol import Ranking, Rows, Scores
from components.retrieval.indexed_factors import IndexedFactors
from components.serving.answer import Answer, AnsweredItem, SimilarAnswer, UnknownItem
from components.serving.asked import Said
from components.serving.bundle import Bundle
from components.serving.candidates import UNKNOWN_USER, CandidateFinder, Candidates, Rank, UserState, codes_of
from components.serving.explained_ranking import ExplainedRanking, explained_item
from components.serving.explanation import (
    NEWLY,
    NEWLY_SUITING,
    POPULAR,
    TASTE,
    explain_by_history,
    explain_by_interaction,
    explain_by_wishes,
)
from components.serving.hybrid import Hybrid, RerankOutcome
from components.serving.item_filters import BadFilter
from components.serving.item_search import ItemSearch, SearchAnswer, as_answer
from components.serving.limits import MayShow, ShowLimits
from components.serving.live_history import EventValues, live_history
from components.serving.new_items import NEW, NewItems
from components.serving.onboarding import Onboarding, learn_onboarding
from components.serving.page_cursor import next_cursor
from components.serving.recent_history import NO_EVENTS, EventsUnread, UserEvents, disliked_of, news_of, with_cart
from components.serving.requests import BreakdownRequest, Filter, RecommendRequest, SearchRequest, SimilarRequest
from components.serving.shelf import ALL_ON, OffSwitch, Shelf
from components.serving.talk import Talk
from components.serving.text_reading import NO_READINGS, Readings
from components.situation.moment import moment_of
from components.situation.reorder import cell_of, reordered
from components.wishes.facts import CatalogueFacts

NOTHING = np.empty(0, np.int32)
NOBODY = "\N{REPLACEMENT CHARACTER}"
"""No user's id."""
BUSY = "too many ask at once: the most popular items"
EVENTS_UNREAD = "the user's latest interactions could not be read"
Recent = UserEvents | EventsUnread | None
Aside = Callable[[Callable[[], Candidates], bool], Awaitable[Candidates]]
RanksElsewhere = Callable[[History, Rows, bool, int], RankedHistory | None]
"""As `Rank`, and of how many of the best it is to know why they are there."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A request up to its candidates; `start` and `at_hand` are seconds of the clock."""

    asker: UserState
    may: MayShow
    shelf: Shelf
    found: Candidates
    unread: bool
    start: float
    at_hand: float


class RequestPath:
    """One release's way of answering; the same object serves online and is evaluated offline.

    Args:
        perf_counter: returns seconds, for `timings_ms` and the time budget of `hybrid`; without it all are zero.
        hybrid: has a language model look at some rankings; `answer` asks it, `recommend` never does.
        aside: works something out while others are answered; `answer` has it do what takes milliseconds, and hands on
            whether who asks is hurried. What it raises reaches who asks.
        elsewhere: ranks in place of this process what goes `aside`.
    """

    def __init__(
        self,
        bundle: Bundle,
        routing: RoutingConfig,
        release_id: str,
        slot: str,
        variant: str,
        perf_counter: Callable[[], float] = no_clock,
        model_version: int | None = None,
        prompt_version: int | None = None,
        hybrid: Hybrid | None = None,
        aside: Aside | None = None,
        elsewhere: RanksElsewhere | None = None,
    ) -> None:
        self.bundle = bundle
        self.release_id = release_id
        self.slot = slot
        self.variant = variant
        self._model_version = model_version
        self._prompt_version = None if prompt_version is None else str(prompt_version)
        self._hybrid = hybrid
        self._aside = aside
        self._elsewhere = elsewhere
        self._routing = routing
        self._now = perf_counter
        self._finder = CandidateFinder(bundle, routing, perf_counter)
        self._limits = ShowLimits(bundle.items, lambda: self._finder.words.filters)
        self._search = ItemSearch(bundle, self._finder, self._limits)
        self._new_items = NewItems(bundle, routing.new_items)
        self.off_switch = OffSwitch(bundle.items)
        primary = bundle.primary
        factors = primary.factors if isinstance(primary, IndexedFactors) else primary
        self._pipeline = primary if isinstance(primary, FittedPipeline) else None
        manifest = bundle.manifest
        self._values = EventValues(
            manifest.positive_threshold,
            manifest.like_value,
            manifest.dislike_value,
            manifest.lowest_rating,
            manifest.highest_rating,
            manifest.weights,
            () if self._pipeline is None else self._pipeline.data.kinds,
        )
        self._factors = factors if isinstance(factors, FittedFactors) else None

    def recommend(
        self,
        request: RecommendRequest,
        request_id: str,
        recent: Recent = None,
        exploring: bool = False,
        shelf: Shelf = ALL_ON,
    ) -> Answer:
        """At most `k` items that the request lets through and the user has not seen, best first; with the policy's
        `repeats` those that they liked may be among them.

        `recent` is what the user did lately; training may know some of it. Without it the trained state answers, as it
        does, marked as degraded, when it could not be read. The list is shorter than `k` only when the catalogue has no
        more such items. With `exploring` some positions are open to chance, if the policy says so. No language model is
        asked. The filters of `request` have no fault.
        """
        start = self._now()
        asker, may = self._asked(request, recent, shelf)
        found = self._finder.find(request, asker, may)
        ranked = self._ranked(request, asker, may, shelf, found, recent, start)
        return self._compose(request, request_id, ranked, None, exploring)

    async def answer(
        self,
        request: RecommendRequest,
        request_id: str,
        recent: Recent = None,
        exploring: bool = False,
        payer: str = "",
        shelf: Shelf = ALL_ON,
        hurried: bool = False,
        readings: Readings = NO_READINGS,
    ) -> Answer:
        """As `recommend`, with the language model's opinion where this path has one and its policy asks for it.

        `payer` is whose budget of the day that costs, beside the user's; see `Hybrid.second_opinion`. Who is `hurried`
        would rather have a cheap answer than wait for long. `readings` are what a model made of the request's texts.
        """
        start = self._now()
        asker, may = self._asked(request, recent, shelf)
        if self._aside is not None and self._finder.ranks_anew(asker, may):
            rank = self._rank_elsewhere(request, may)
            found = await self._aside(lambda: self._finder.find(request, asker, may, readings, rank), hurried)
        else:
            found = self._finder.find(request, asker, may, readings)
        ranked = self._ranked(request, asker, may, shelf, found, recent, start)
        if self._hybrid is None:
            return self._compose(request, request_id, ranked, None, exploring)
        diversity = self._strength(request)

        def why(rows: Rows) -> list[str]:
            return self._reasons(ranked.found, rows, ranked.asker, request)

        second = await self._hybrid.second_opinion(
            request, request_id, ranked.asker, ranked.found, diversity, ranked.start, payer, why
        )
        return self._compose(request, request_id, ranked, second, exploring)

    def cheap(self, request: RecommendRequest, request_id: str, shelf: Shelf = ALL_ON) -> Answer:
        """The most popular items that training does not know of the user, marked as degraded: for times of overload."""
        start = self._now()
        asker, may = self._asked(request, None, shelf)
        popular = Candidates("popularity", BUSY, "popularity", self._finder.popular(asker, request.k, may.exclude))
        ranked = _Ranked(asker, may, shelf, popular, True, start, self._now())
        return self._compose(request, request_id, ranked, None, False)

    def domain_fault(self, domain: str | None) -> str | None:
        """What is wrong with the domain of a request, in words; None where nothing is."""
        return None if domain is None else self._finder.words.domains.fault(domain)

    def fault(self, filters: Mapping[str, Filter]) -> BadFilter | None:
        """What is wrong with the filters of a request; None where nothing is."""
        return self._finder.words.filters.fault(filters) if filters else None

    def _asked(self, request: RecommendRequest, recent: Recent, shelf: Shelf) -> tuple[UserState, MayShow]:
        asker = self._asker(request, recent)
        return asker, self._limits.of(request, asker.barred, self._met_lately(asker, recent), shelf)

    def _rank_elsewhere(self, request: RecommendRequest, may: MayShow) -> Rank | None:
        """`elsewhere`, asked for the reasons of the first items alone where others cannot come into the answer."""
        elsewhere, policy = self._elsewhere, self._routing
        if elsewhere is None:
            return None
        mixes = self._strength(request) or policy.diversity.max_per_category or policy.exploration.share
        mixes = mixes or self._cell(request) is not None
        n = EXPLAINED if mixes or policy.new_items.share or self._hybrid else request.k + len(may.shown)
        return lambda history, hidden, again: elsewhere(history, hidden, again, n)

    def _ranked(
        self,
        request: RecommendRequest,
        asker: UserState,
        may: MayShow,
        shelf: Shelf,
        found: Candidates,
        recent: Recent,
        start: float,
    ) -> _Ranked:
        unread = isinstance(recent, EventsUnread)
        suited = self._suited(request, found.without(may.shown))
        return _Ranked(asker, may, shelf, suited, unread, start, self._now())

    def _cell(self, request: RecommendRequest) -> str | None:
        """The situation that the request states, if it changes anything."""
        context = request.context
        if context is None or self._routing.situation.strength == 0:
            return None
        return cell_of(moment_of(context.time_of_day, context.weekday), self.bundle.lifts)

    def _suited(self, request: RecommendRequest, found: Candidates) -> Candidates:
        """`found` in the order that suits the situation; what words ask for comes in the order of the words."""
        cell = self._cell(request)
        if cell is None or self.bundle.lifts is None or (found.said is not None and found.said.kept):
            return found
        strength = self._routing.situation.strength
        made = reordered(found.ranking, cell, self.bundle.lifts, self.bundle.content.item_labels, strength)
        return replace(found, ranking=made.ranking, suits=made.because)

    def _compose(
        self, request: RecommendRequest, request_id: str, ranked: _Ranked, second: RerankOutcome | None, exploring: bool
    ) -> Answer:
        """The answer from the ranking, or from the one that the language model made of it."""
        asker, may, found = ranked.asker, ranked.may, ranked.found
        begun = ranked.at_hand if second is None else self._now()
        ranking, source, route = found.ranking, found.source, found.route
        if second is not None and second.ranking is not None:
            ranking, source, route = second.ranking, f"{found.source}+llm", "hybrid"
        best = self._best(request, ranking)
        explored = explore(best, ranking, self._routing.exploration, request_id) if exploring else None
        if explored is not None:
            best = explored.ranking
        new = (
            self._new_items.placed(best, may, ranked.shelf, request_id, self._suiting(asker, may))
            if exploring
            else None
        )
        if new is not None:
            best = new.ranking
        drawn = explored or new
        reasons = self._reasons(found, best.items, asker, request) if request.explain else None
        if reasons is not None and second is not None:
            reasons = [second.reasons.get(row, text) for row, text in zip(best.items.tolist(), reasons, strict=True)]
        items = self._items(best.items, best.scores, source, reasons)
        for place in () if new is None else new.places:
            text = None if reasons is None else NEWLY_SUITING if len(asker.trained) + len(asker.news.liked) else NEWLY
            items[place] = replace(items[place], source=NEW, explanation=text)
        if len(best) < request.k and not (found.said and found.said.kept):
            gone = np.concatenate([may.exclude, may.shown, best.items])
            filler = self._finder.popular(asker, request.k - len(best), gone)
            reasons = [POPULAR] * len(filler) if request.explain else None
            items += self._items(filler.items, filler.scores, "popularity", reasons, first_rank=len(best) + 1)
        done = self._now()
        timings = {name: _milliseconds(0, seconds) for name, seconds in found.seconds.items()}
        timings["candidates"] = _milliseconds(ranked.start, ranked.at_hand)
        if second is not None:
            timings["llm"] = _milliseconds(ranked.at_hand, begun)
        timings["compose"] = _milliseconds(begun, done)
        timings["total"] = _milliseconds(ranked.start, done)
        return Answer(
            request_id=request_id,
            user_id=request.user_id,
            items=items,
            route=route,
            fallback_reason=_why(found.fallback_reason, ranked.unread, second),
            release=self.release_id,
            slot=self.slot,
            variant=self.variant,
            cached=False,
            degraded=ranked.unread,
            cost_usd=0.0 if second is None else second.cost_usd,
            timings_ms=timings,
            candidates=found.ranking,
            n_known=len(asker.trained) + len(asker.news.seen),
            explored_position=None if explored is None else explored.position + 1,
            propensities=None if drawn is None else (*drawn.propensities, *[1.0] * (len(items) - len(best))),
            model_version=self._model_version,
            prompt_version=self._prompt_version,
            llm=None if second is None else second.log,
            next_page=next_cursor(request.cursor, [item.item_id for item in items])
            if len(items) == request.k
            else None,
            understood=None if found.said is None else found.said.understood(),
            ignored=() if found.said is None else found.said.wishes.ignored,
        )

    def similar(self, request: SimilarRequest, request_id: str, shelf: Shelf = ALL_ON) -> SimilarAnswer | UnknownItem:
        """The `k` items nearest to the given one, which is not among them."""
        start = self._now()
        row = self.bundle.items.row_of.get(request.item_id)
        if row is None:
            return UnknownItem(request.item_id)
        ranking, source = self.bundle.similar_items(row, request.k + len(shelf.off))
        left = ~np.isin(ranking.items, shelf.off)
        ranking = Ranking(ranking.items[left][: request.k], ranking.scores[: len(left)][left][: request.k])
        items = self._items(ranking.items, ranking.scores, source, None)
        return SimilarAnswer(
            request_id=request_id,
            item_id=request.item_id,
            items=items,
            release=self.release_id,
            slot=self.slot,
            variant=self.variant,
            timings_ms={"total": _milliseconds(start, self._now())},
        )

    def break_down(self, request: BreakdownRequest, recent: Recent = None) -> ExplainedRanking:
        """What stands behind the places of these items in the user's own ranking, whatever a request would add."""
        asker = self._asker(RecommendRequest(user_id=request.user_id), recent)
        row_of, pipeline = self.bundle.items.row_of, self._pipeline
        rows = [row_of[item_id] for item_id in request.item_ids if item_id in row_of]
        history, liked = asker.history, frozenset(asker.history.likes.tolist())
        hidden = np.concatenate([asker.barred, self._met_lately(asker, recent)])
        again = self._routing.repeats
        barred = frozenset(hidden.tolist())
        broken = []
        if pipeline is not None and len(history):
            unliked = np.setdiff1d(history.met, history.likes) if again else NOTHING
            broken = pipeline.ranker.explain(history, rows, np.concatenate([hidden, unliked]), again)
        return ExplainedRanking(
            user_id=request.user_id,
            release=self.release_id,
            slot=self.slot,
            method=pipeline.choice.method if pipeline is not None else self.bundle.manifest.recommender,
            n_known=len(asker.trained) + len(asker.news.seen),
            met=tuple(self.bundle.items.ids[row] for row in rows if row in barred),
            liked=tuple(self.bundle.items.ids[row] for row in rows if row in liked),
            items=tuple(explained_item(self.bundle.items, each) for each in broken),
        )

    def search(
        self,
        request: SearchRequest,
        request_id: str,
        recent: Recent = None,
        shelf: Shelf = ALL_ON,
        readings: Readings = NO_READINGS,
    ) -> SearchAnswer | BadFilter:
        """The items that the query and the filters ask for; see ItemSearch.find."""
        start = self._now()
        asker = UserState(UNKNOWN_USER, NOTHING, NO_NEWS)
        if request.user_id is not None:
            asker = self._asker(RecommendRequest(user_id=request.user_id), recent)
        found = self._search.find(request, asker, shelf, readings)
        if isinstance(found, BadFilter):
            return found
        total = _milliseconds(start, self._now())
        return as_answer(found, request_id, self.release_id, self.slot, self.variant, total)

    @property
    def facts(self) -> CatalogueFacts:
        """What is known of every item."""
        return self._finder.words.facts

    @cached_property
    def onboarding(self) -> Onboarding:
        """Chooses what to ask newcomers about."""
        return learn_onboarding(self.bundle.history)

    def talk(
        self, user_id: str | None, recent: Recent = None, shelf: Shelf = ALL_ON, readings: Readings = NO_READINGS
    ) -> Talk:
        """The catalogue for a conversation with `user_id`, or with somebody of whom nothing is known."""
        asked = RecommendRequest(user_id=user_id or NOBODY)
        asker = UserState(UNKNOWN_USER, NOTHING, NO_NEWS) if user_id is None else self._asker(asked, recent)

        def recommend(k: int, exclude: Sequence[str]) -> list[AnsweredItem]:
            request = asked.model_copy(update={"k": k, "exclude": list(exclude)})
            return self.recommend(request, "", recent, shelf=shelf).items

        def explain(said: Said, rows: Rows) -> list[str]:
            return self._asked_reasons(said, rows, asker)

        return Talk(self.bundle.items, self._finder, self._search, asker, recommend, explain, shelf, readings)

    def _asker(self, request: RecommendRequest, recent: Recent) -> UserState:
        row = self.bundle.user_row.get(request.user_id, UNKNOWN_USER)
        trained = NOTHING if row == UNKNOWN_USER else self.bundle.seen(row)
        barred = self.bundle.barred_of(row) if self._routing.repeats and row != UNKNOWN_USER else trained
        news = NO_NEWS
        if isinstance(recent, UserEvents):
            threshold = self.bundle.manifest.positive_threshold
            news = news_of(recent, self.bundle.items.row_of, trained, threshold, self._values.weights)
        if request.context is not None and request.context.cart:
            news = with_cart(news, request.context.cart, self.bundle.items.row_of, trained)
        if self._pipeline is None:
            return UserState(row, trained, news, barred=barred)
        known = NO_HISTORY if row == UNKNOWN_USER else self._pipeline.histories.of(row)
        events = recent if isinstance(recent, UserEvents) else NO_EVENTS
        cart = request.context.cart if request.context else []
        history = live_history(known, events, cart, self.bundle.items.row_of, self._values)
        return UserState(row, trained, news, history, history is not known, barred)

    def _met_lately(self, asker: UserState, recent: Recent) -> Rows:
        """Rows of what the user has met since training, or of what of that is not liked, where people come back."""
        news = asker.news.seen
        if self._routing.repeats:
            disliked = disliked_of(recent, self.bundle.items.row_of) if isinstance(recent, UserEvents) else NOTHING
            news = np.concatenate([np.setdiff1d(news, asker.news.liked), disliked]).astype(np.int32)
        return news

    def _suiting(self, asker: UserState, may: MayShow) -> Callable[[Rows], Ranking]:
        return lambda gone: self._finder.own(asker, MayShow(gone, again=may.again)).ranking

    def _best(self, request: RecommendRequest, candidates: Ranking) -> Ranking:
        """The first `k` candidates, or as many that make a varied list where the request or the policy asks for it."""
        policy, strength = self._routing.diversity, self._strength(request)
        labels, categories = self.bundle.content.item_labels, self.bundle.items.categories
        return diversify(candidates, request.k, labels, categories, strength, policy.max_per_category)

    def _strength(self, request: RecommendRequest) -> float:
        return self._routing.diversity.strength if request.diversity is None else request.diversity

    def _reasons(self, found: Candidates, rows: Rows, asker: UserState, request: RecommendRequest) -> list[str]:
        reasons = self._plain_reasons(found, rows, asker, request)
        suits = [found.suits.get(row) for row in rows.tolist()]
        return [f"{text}; {also}" if also else text for text, also in zip(reasons, suits, strict=True)]

    def _plain_reasons(self, found: Candidates, rows: Rows, asker: UserState, request: RecommendRequest) -> list[str]:
        items = self.bundle.items
        if found.route == "content":
            preferences = request.profile.preferences if request.profile else {}
            if found.said is not None and found.said.kept:
                return self._asked_reasons(found.said, rows, asker)
            return explain_by_wishes(rows, items, preferences)
        if found.route == "popularity":
            return [POPULAR] * len(rows)
        if self._pipeline is not None:
            return explain_by_interaction(rows, items, codes_of(found, rows), asker.history.likes)
        return explain_by_history(rows, items, self._factors, np.concatenate([asker.trained, asker.news.liked]))

    def _asked_reasons(self, said: Said, rows: Rows, asker: UserState) -> list[str]:
        """What each item fulfils; with the item of the asker's history that it is close to, where there is one."""
        facts = self._finder.words.reasons(rows.tolist(), said.kept, said.met)
        close = explain_by_history(
            rows, self.bundle.items, self._factors, np.concatenate([asker.trained, asker.news.liked])
        )
        texts = []
        for fact, because in zip(facts, close, strict=True):
            parts = [part for part in (fact, None if because == TASTE else because) if part]
            texts.append("; ".join(parts) or (TASTE if len(asker.trained) + len(asker.news.liked) else POPULAR))
        return texts

    def _items(
        self, rows: Rows, scores: Scores, source: str, reasons: Sequence[str] | None, first_rank: int = 1
    ) -> list[AnsweredItem]:
        """One answered item per row; `scores` may be longer than `rows`."""
        items = self.bundle.items
        texts = reasons if reasons is not None else [None] * len(rows)
        return [
            AnsweredItem(items.ids[row], items.titles[row], items.categories[row], rank, score, source, text)
            for rank, (row, score, text) in enumerate(
                zip(rows.tolist(), scores[: len(rows)].tolist(), texts, strict=True), start=first_rank
            )
        ]


def _why(reason: str | None, unread: bool, second: RerankOutcome | None) -> str | None:
    """Everything for which the answer is another than the intended one.

    Where the language model ranked, it has read the wishes that the candidates may not answer to.
    """
    if second is not None and second.ranking is not None:
        reason = None
    not_asked = second.fallback_reason if second is not None else None
    reasons = [each for each in (reason or (EVENTS_UNREAD if unread else None), not_asked) if each]
    return "; ".join(reasons) or None


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
