"""Gives the answer to a request: kept from an equal one where that still holds, or else made by the request path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from bentos.allocated_users import AllocatedUsers
from bentos.ranking_threads import RankingThreads
from bentos.shelves import Shelves
from components.adapters.slots.redis_cache import RedisAnswers
from components.adapters.store.traffic.local_user_events import LocalUserEvents
from components.adapters.store.traffic.user_events import UserEventReader
from components.experiments.draft import coin_of
from components.serving.answer import Answer, SimilarAnswer, UnknownItem
from components.serving.answer_cache import AnswerCache, MadeAnswer, Origin
from components.serving.answer_codec import UnreadableAnswer, decode, encode, is_worth_keeping, shown_again
from components.serving.cache_key import CacheKey, cache_key
from components.serving.drafted_answer import draft_answer
from components.serving.explained_ranking import ExplainedRanking
from components.serving.item_filters import BadFilter
from components.serving.item_search import SearchAnswer
from components.serving.recent_history import UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import (
    BreakdownRequest,
    KeepRequest,
    RecommendRequest,
    SearchRequest,
    SimilarRequest,
)
from components.serving.shelf import ALL_ON
from components.serving.text_reading import NOTHING_READ, ReadTexts, TextReading

logger = logging.getLogger("recops.service")

Source = Origin | Literal["bypassed"]
"""Where an answer came from; `bypassed` ones had nothing to do with the cache."""


class Answers:
    """One per process.

    Args:
        perf_counter: seconds.
        shelves: what is on now.
        ranking: the threads in which the paths rank; closed with this object.
        shared: what the cache writes to besides; closed with this object.
        allocated: who has which variant of an adaptive experiment; closed with this object.
        reading_of: has a language model read the texts of a variant's requests, where it has one.
    """

    def __init__(
        self,
        events: UserEventReader | LocalUserEvents,
        cache: AnswerCache,
        perf_counter: Callable[[], float],
        shelves: Shelves,
        ranking: RankingThreads,
        shared: RedisAnswers | None = None,
        allocated: AllocatedUsers | None = None,
        reading_of: Callable[[str], TextReading | None] = lambda _variant: None,
    ) -> None:
        self._reading_of = reading_of
        self._events = events
        self._cache = cache
        self._now = perf_counter
        self._shelves = shelves
        self._ranking = ranking
        self._shared = shared
        self._allocated = allocated

    async def recommend(
        self,
        path: RequestPath,
        request: RecommendRequest,
        request_id: str,
        probe: bool,
        payer: str = "",
        hurried: bool = False,
    ) -> tuple[Answer, Source]:
        """The answer of the user's variant, `path`, and where it came from; a language model is at the cost of `payer`.

        A probe is answered from the trained state alone, without a language model, and neither fills nor reads the
        cache. So is the cache left
        out when it is not known what the user did last, as that is in the key. Who is `hurried` would rather have a
        cheap answer than wait for long.

        Raises:
            RankingsWait: the answer needs a ranking for which too many wait.
        """
        if probe:
            return path.recommend(request, request_id, None, exploring=False), "bypassed"
        start = self._now()
        shelf = self._shelves.of(path)
        recent = await self._events.read(request.user_id)

        async def fresh() -> Answer:
            read = await self._read_texts(path, request, request_id, payer)
            answer = await path.answer(
                request,
                request_id,
                recent,
                exploring=True,
                payer=payer,
                shelf=shelf,
                hurried=hurried,
                readings=read.readings,
            )
            return answer if read is NOTHING_READ else _with_reading(answer, read)

        if not isinstance(recent, UserEvents):
            return await fresh(), "bypassed"
        made: Answer | None = None

        async def make() -> MadeAnswer:
            nonlocal made
            made = await fresh()
            return MadeAnswer(encode(made), is_worth_keeping(made))

        key = cache_key(request, path.release_id, path.variant, recent.state, shelf.version)
        found = await self._cache.find(key, (request.timeout_ms, hurried), make, recent.version)
        if made is not None:
            return made, found.origin
        kept = _readable(found.content)
        if kept is None:
            return await fresh(), "bypassed"
        return self._again(kept, path, request_id, start), found.origin

    def _again(self, kept: Answer, path: RequestPath, request_id: str, start: float) -> Answer:
        return shown_again(kept, request_id, path.slot, round((self._now() - start) * 1000, 3))

    async def draft(
        self,
        paths: Sequence[RequestPath],
        request: RecommendRequest,
        request_id: str,
        payer: str,
        salt: str,
        hurried: bool,
    ) -> tuple[Answer, Source]:
        """One list of both paths' answers. Each is kept, or found, for itself, and drafted anew for each request.

        The two are asked at once, each as often first: neither's latency is to profit from what the other has warmed.
        """
        turn = coin_of(salt, f"{request_id}\0turn")() < 0.5
        ordered = paths if turn else paths[::-1]
        made = await asyncio.gather(
            *(self.recommend(path, request, request_id, False, payer, hurried) for path in ordered)
        )
        (first, one), (second, other) = made if turn else made[::-1]
        return draft_answer(first, second, request, salt), one if one == other else "computed"

    async def cheap(
        self, paths: Sequence[RequestPath], request: RecommendRequest, request_id: str
    ) -> tuple[Answer, Source]:
        """An answer that costs little: the one that is kept here, which costs least, or else popular items.

        Where two paths draft the list, what is kept of one is half an answer.
        """
        path, start = paths[0], self._now()
        shelf = self._shelves.of(path)
        recent = await self._events.read(request.user_id) if len(paths) == 1 else None
        if isinstance(recent, UserEvents):
            key = cache_key(request, path.release_id, path.variant, recent.state, shelf.version)
            content = self._cache.kept(key)
            if content is not None and (kept := _readable(content)) is not None:
                return self._again(kept, path, request_id, start), "memory"
        return path.cheap(request, request_id, shelf), "bypassed"

    async def search(
        self, path: RequestPath, request: SearchRequest, request_id: str, probe: bool, payer: str = ""
    ) -> SearchAnswer | BadFilter:
        """The answer to a search; nothing of it is kept. A probe's is from the trained state alone."""
        recent = None if probe or request.user_id is None else await self._events.read(request.user_id)
        reading = None if probe else self._reading_of(path.variant)
        read = NOTHING_READ
        if reading is not None:
            read = await reading.of([request.query], path.facts, request.user_id or "", payer, request_id)
        shelf = ALL_ON if probe else self._shelves.of(path)
        answer = path.search(request, request_id, recent, shelf, read.readings)
        if read is NOTHING_READ or isinstance(answer, BadFilter):
            return answer
        return replace(answer, fallback_reason=read.fallback_reason, cost_usd=read.cost_usd)

    async def _read_texts(self, path: RequestPath, request: RecommendRequest, request_id: str, payer: str) -> ReadTexts:
        reading = self._reading_of(path.variant)
        if reading is None:
            return NOTHING_READ
        texts = [request.context.query if request.context else None, request.profile.text if request.profile else None]
        return await reading.of(texts, path.facts, request.user_id, payer, request_id, request.timeout_ms)

    def similar(self, path: RequestPath, request: SimilarRequest, request_id: str) -> SimilarAnswer | UnknownItem:
        """What is like an item, of what is on now."""
        return path.similar(request, request_id, self._shelves.of(path))

    async def break_down(self, path: RequestPath, request: BreakdownRequest) -> ExplainedRanking:
        """What stands behind the places of these items now, with what the user did lately."""
        return path.break_down(request, await self._events.read(request.user_id))

    def keep(self, given: KeepRequest) -> int:
        """Takes answers that were made elsewhere; how many. What is no answer of this code is left out."""
        kept = 0
        for each in given.answers:
            content = each.content.encode()
            try:
                decode(content)
            except UnreadableAnswer:
                continue
            self._cache.keep(CacheKey(each.user, each.answer), content)
            kept += 1
        return kept

    def forget(self, user_id: str) -> int:
        """Drops every answer that this process keeps for a user, and what they did; how many answers that were."""
        self._events.forget(user_id)
        return self._cache.forget(user_id)

    def start(self) -> None:
        """Starts what ranks beside this process."""
        self._ranking.start()

    def close(self) -> None:
        """Reads nothing from the event store any more; safe to call twice."""
        self._events.close()
        self._shelves.close()
        if self._allocated is not None:
            self._allocated.close()
        self._ranking.close()

    async def aclose(self) -> None:
        """Ends what is under way with the shared cache."""
        if self._shared is not None:
            await self._shared.close()

    @property
    def kept(self) -> tuple[int, float]:
        """How many answers this process keeps, and their bytes."""
        return self._cache.size


def _readable(content: bytes) -> Answer | None:
    """The kept answer, if others may get it."""
    try:
        kept = decode(content)
    except UnreadableAnswer as error:  # a shared cache holds what anybody wrote there
        logger.warning("a kept answer is left aside: %s", error)
        return None
    return kept if kept.propensities is None else None  # chance is drawn anew, also for those who waited together


def _with_reading(answer: Answer, read: ReadTexts) -> Answer:
    reasons = [each for each in (answer.fallback_reason, read.fallback_reason) if each]
    return replace(answer, cost_usd=answer.cost_usd + read.cost_usd, fallback_reason="; ".join(reasons) or None)
