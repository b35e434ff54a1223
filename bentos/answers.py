"""Gives the answer to a request: kept from an equal one where that still holds, or else made by the request path."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from components.adapters.slots.redis_cache import RedisAnswers
from components.adapters.store.traffic.local_user_events import LocalUserEvents
from components.adapters.store.traffic.user_events import UserEventReader
from components.serving.answer import Answer
from components.serving.answer_cache import AnswerCache, MadeAnswer, Origin
from components.serving.answer_codec import UnreadableAnswer, decode, encode, is_worth_keeping, shown_again
from components.serving.cache_key import CacheKey, cache_key
from components.serving.explained_ranking import ExplainedRanking
from components.serving.item_search import SearchAnswer, UnknownFilter
from components.serving.recent_history import UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import BreakdownRequest, KeepRequest, RecommendRequest, SearchRequest

logger = logging.getLogger("recops.service")

Source = Origin | Literal["bypassed"]
"""Where an answer came from; `bypassed` ones had nothing to do with the cache."""


class Answers:
    """One per process.

    Args:
        perf_counter: seconds.
        shared: what the cache writes to besides; closed with this object.
    """

    def __init__(
        self,
        events: UserEventReader | LocalUserEvents,
        cache: AnswerCache,
        perf_counter: Callable[[], float],
        shared: RedisAnswers | None = None,
    ) -> None:
        self._events = events
        self._cache = cache
        self._now = perf_counter
        self._shared = shared

    async def recommend(
        self, path: RequestPath, request: RecommendRequest, request_id: str, probe: bool, payer: str = ""
    ) -> tuple[Answer, Source]:
        """The answer of the user's variant, `path`, and where it came from; a language model is at the cost of `payer`.

        A probe is answered from the trained state alone, without a language model, and neither fills nor reads the
        cache. So is the cache left
        out when it is not known what the user did last, as that is in the key.
        """
        if probe:
            return path.recommend(request, request_id, None, exploring=False), "bypassed"
        start = self._now()
        recent = await self._events.read(request.user_id)
        if not isinstance(recent, UserEvents):
            return await path.answer(request, request_id, recent, exploring=True, payer=payer), "bypassed"
        made: Answer | None = None

        async def make() -> MadeAnswer:
            nonlocal made
            made = await path.answer(request, request_id, recent, exploring=True, payer=payer)
            return MadeAnswer(encode(made), is_worth_keeping(made))

        key = cache_key(request, path.release_id, path.variant, recent.version)
        found = await self._cache.find(key, request.timeout_ms, make)
        if made is not None:
            return made, found.origin
        try:
            kept = decode(found.content)
        except UnreadableAnswer as error:  # a shared cache holds what anybody wrote there
            logger.warning("a kept answer is left aside: %s", error)
            return await path.answer(request, request_id, recent, exploring=True, payer=payer), "bypassed"
        if kept.explored_position is not None:  # chance is drawn for each request, also of those who waited together
            return await path.answer(request, request_id, recent, exploring=True, payer=payer), "bypassed"
        return shown_again(kept, request_id, path.slot, round((self._now() - start) * 1000, 3)), found.origin

    def cheap(self, path: RequestPath, request: RecommendRequest, request_id: str) -> tuple[Answer, Source]:
        """An answer that costs little: nothing is read, and nothing kept."""
        return path.cheap(request, request_id), "bypassed"

    async def search(
        self, path: RequestPath, request: SearchRequest, request_id: str, probe: bool
    ) -> SearchAnswer | UnknownFilter:
        """The answer to a search; nothing of it is kept. A probe's is from the trained state alone."""
        recent = None if probe or request.user_id is None else await self._events.read(request.user_id)
        return path.search(request, request_id, recent)

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
        """Drops every answer that this process keeps for a user; how many that were."""
        return self._cache.forget(user_id)

    def close(self) -> None:
        """Reads nothing from the event store any more; safe to call twice."""
        self._events.close()

    async def aclose(self) -> None:
        """Ends what is under way with the shared cache."""
        if self._shared is not None:
            await self._shared.close()

    @property
    def kept(self) -> tuple[int, float]:
        """How many answers this process keeps, and their bytes."""
        return self._cache.size
