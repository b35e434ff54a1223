"""Asks without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx

from recops_client import requests
from recops_client.answers import Accepted, Recommendations, SearchResult, SimilarItems, Unreachable
from recops_client.events import Event

T = TypeVar("T")


class AsyncClient:
    """A gateway at `url`.

    Where nobody answers, or only that it cannot now (429, 502, 503, 504), it tries again, `tries` times in all, waiting
    as long as the gateway asks for but at most `longest_pause` seconds. Events keep their id meanwhile, so that one
    that arrived counts once. With keys on, `key` is the server's or client's, and `user_token` what your backend
    signed.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        key: str | None = None,
        user_token: str | None = None,
        timeout: float = 5.0,
        tries: int = 3,
        longest_pause: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if tries < 1:
            raise ValueError(f"tries: at least 1, not {tries}")
        self._tries, self._longest_pause = tries, longest_pause
        self._http = httpx.AsyncClient(
            base_url=url, headers=requests.headers_of(key, user_token), timeout=timeout, transport=transport
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def recommend(
        self,
        user_id: str,
        k: int = 10,
        *,
        context: Mapping[str, Any] | None = None,
        profile: Mapping[str, Any] | None = None,
        exclude: Sequence[str] | None = None,
        **words: Any,
    ) -> Recommendations:
        """The best `k` items for a user; `words` are further fields of `POST /recommend`.

        Raises:
            Refused: the request is wrong, or may not be asked.
            Unreachable: nobody answered in all tries.
        """
        said = {"context": context, "profile": profile, "exclude": None if exclude is None else list(exclude), **words}
        return await self._ask(requests.recommend(user_id, k, said))

    async def search(
        self,
        query: str,
        k: int = 10,
        *,
        user_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        **words: Any,
    ) -> SearchResult:
        """Items that fulfil what `query` says, in the order of that user's taste; raises as `recommend`."""
        return await self._ask(requests.search(query, k, {"user_id": user_id, "filters": filters, **words}))

    async def similar(self, item_id: str, k: int = 10) -> SimilarItems:
        """The nearest items to one; raises as `recommend`."""
        return await self._ask(requests.similar(item_id, k))

    async def feedback(self, events: Event | Iterable[Event]) -> Accepted:
        """Tell what people did; it is on disk when this returns. Raises as `recommend`."""
        return await self._ask(requests.feedback(events))

    async def _ask(self, ask: requests.Ask[T]) -> T:
        failed: httpx.TransportError | None = None
        reply: httpx.Response | None = None
        for attempt in range(self._tries):
            if attempt:
                pause = requests.pause_before(attempt, reply, self._longest_pause)
                await asyncio.sleep(pause)
            try:
                reply, failed = await self._http.post(ask.path, json=ask.body), None
            except httpx.TransportError as error:
                reply, failed = None, error
                continue
            if reply.status_code not in requests.AGAIN:
                return requests.answer_of(ask, reply)
        if reply is not None:
            raise Unreachable(
                f"{self._http.base_url} answered {reply.status_code} {self._tries} times: {reply.text[:200]}"
            )
        raise Unreachable(f"{self._http.base_url} does not answer: {failed!r}") from failed
