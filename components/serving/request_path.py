"""Answers a parsed request from a bundle: route, candidates, filling up, explanations. Computes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from components.params import Routing
from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import Ranking, Rows, Scores
from components.retrieval.indexed_factors import IndexedFactors
from components.routing.choose_route import Route, choose_route
from components.serving.answer import Answer, AnsweredItem, SimilarAnswer, UnknownItem
from components.serving.bundle import Bundle
from components.serving.explanation import POPULAR, explain_by_history, explain_by_preferences
from components.serving.requests import RecommendRequest, SimilarRequest

UNKNOWN_USER = -1
NO_CF_MODEL = "the release has no collaborative model"
NO_MATCH = "no item matches the stated preferences"


def _no_clock() -> float:
    return 0.0


class RequestPath:
    """One release's way of answering; the same object serves online and is evaluated offline.

    `perf_counter` returns seconds and feeds `timings_ms` only; without it all timings are zero.
    """

    def __init__(
        self,
        bundle: Bundle,
        routing: Routing,
        release_id: str,
        slot: str,
        variant: str,
        perf_counter: Callable[[], float] = _no_clock,
    ) -> None:
        self.bundle = bundle
        self.release_id = release_id
        self.slot = slot
        self.variant = variant
        self._routing = routing
        self._now = perf_counter
        self._cf = bundle.manifest.recommender
        self._labels = frozenset(bundle.content.labels)
        primary = bundle.primary
        factors = primary.factors if isinstance(primary, IndexedFactors) else primary
        self._factors = factors if isinstance(factors, FittedFactors) else None

    def recommend(self, request: RecommendRequest, request_id: str) -> Answer:
        """At most `k` items that the user has not seen and the request does not exclude, best first.

        The list is shorter than `k` only when the catalogue has no more such items.
        """
        start = self._now()
        user_row = self.bundle.user_row.get(request.user_id, UNKNOWN_USER)
        preferences = request.profile.preferences if request.profile else {}
        exclude = self._excluded(user_row, request.exclude)
        route, fallback_reason, source, ranking = self._candidates(user_row, preferences, exclude)
        found = self._now()
        rows = ranking.items[: request.k]
        reasons = self._reasons(route, rows, user_row, preferences) if request.explain else None
        items = self._items(rows, ranking.scores, source, reasons)
        if len(rows) < request.k:
            filler = self._popular(user_row, request.k - len(rows), np.concatenate([exclude, rows]))
            reasons = [POPULAR] * len(filler) if request.explain else None
            items += self._items(filler.items, filler.scores, "popularity", reasons, first_rank=len(rows) + 1)
        done = self._now()
        return Answer(
            request_id=request_id,
            user_id=request.user_id,
            items=items,
            route=route,
            fallback_reason=fallback_reason,
            release=self.release_id,
            slot=self.slot,
            variant=self.variant,
            cached=False,
            degraded=False,
            cost_usd=0.0,
            timings_ms={
                "candidates": _milliseconds(start, found),
                "compose": _milliseconds(found, done),
                "total": _milliseconds(start, done),
            },
            candidates=ranking,
        )

    def similar(self, request: SimilarRequest, request_id: str) -> SimilarAnswer | UnknownItem:
        """The `k` items nearest to the given one, which is not among them."""
        start = self._now()
        row = self.bundle.items.row_of.get(request.item_id)
        if row is None:
            return UnknownItem(request.item_id)
        ranking = self.bundle.similar_items(row, request.k)
        items = self._items(ranking.items, ranking.scores, self._cf, None)
        return SimilarAnswer(
            request_id=request_id,
            item_id=request.item_id,
            items=items,
            release=self.release_id,
            slot=self.slot,
            variant=self.variant,
            timings_ms={"total": _milliseconds(start, self._now())},
        )

    def _candidates(
        self, user_row: int, preferences: Mapping[str, float], exclude: NDArray[np.int32]
    ) -> tuple[Route, str | None, str, Ranking]:
        """Route, reason for leaving the intended route, name of the recommender, its candidates."""
        n_interactions = 0 if user_row == UNKNOWN_USER else len(self.bundle.seen(user_row))
        route: Route = choose_route(n_interactions, bool(preferences), self._routing.cold_start_threshold)
        reason = None
        if route == "content":
            if any(label.strip().casefold() in self._labels for label in preferences):
                ranking = self.bundle.content.top_k_for(preferences, self._routing.candidates, exclude)
                return "content", None, "content", ranking
            reason = NO_MATCH
            route = choose_route(n_interactions, False, self._routing.cold_start_threshold)
        if route == "cf":
            if self._cf != "popularity":
                ranking = self.bundle.primary.top_k(user_row, self._routing.candidates, exclude)
                return "cf", reason, self._cf, ranking
            reason = reason or NO_CF_MODEL
        return "popularity", reason, "popularity", self._popular(user_row, self._routing.candidates, exclude)

    def _popular(self, user_row: int, k: int, exclude: NDArray[np.int32]) -> Ranking:
        return self.bundle.recommenders["popularity"].top_k(user_row, k, exclude)

    def _excluded(self, user_row: int, item_ids: list[str]) -> NDArray[np.int32]:
        """Rows of the items that may not be shown: seen ones and those the request names, if known."""
        seen = np.empty(0, dtype=np.int32) if user_row == UNKNOWN_USER else self.bundle.seen(user_row)
        if not item_ids:
            return seen
        row_of = self.bundle.items.row_of
        named = [row_of[item_id] for item_id in item_ids if item_id in row_of]
        return np.concatenate([seen, np.asarray(named, dtype=np.int32)])

    def _reasons(self, route: Route, rows: Rows, user_row: int, preferences: Mapping[str, float]) -> list[str]:
        items = self.bundle.items
        if route == "content":
            return explain_by_preferences(rows.tolist(), items, preferences)
        if route == "cf":
            return explain_by_history(rows, items, self._factors, self.bundle.seen(user_row))
        return [POPULAR] * len(rows)

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


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
