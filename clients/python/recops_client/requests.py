"""Builds requests and reads replies, without sending: what both clients have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from recops_client.answers import Accepted, Recommendations, Refused, SearchResult, SimilarItems, read
from recops_client.events import Event

T = TypeVar("T")
AGAIN = frozenset({429, 502, 503, 504})
"""Statuses that say that the same request may be answered later."""


@dataclass(frozen=True)
class Ask(Generic[T]):
    """A post, and what its answer is."""

    path: str
    body: Any
    kind: type[T]


def recommend(user_id: str, k: int, words: Mapping[str, Any]) -> Ask[Recommendations]:
    """`POST /recommend`."""
    return Ask("/recommend", {"user_id": user_id, "k": k, **given(words)}, Recommendations)


def search(query: str, k: int, words: Mapping[str, Any]) -> Ask[SearchResult]:
    """`POST /search`."""
    return Ask("/search", {"query": query, "k": k, **given(words)}, SearchResult)


def similar(item_id: str, k: int) -> Ask[SimilarItems]:
    """`POST /similar`."""
    return Ask("/similar", {"item_id": item_id, "k": k}, SimilarItems)


def feedback(events: Event | Iterable[Event]) -> Ask[Accepted]:
    """`POST /feedback`; the ids of the events make it safe to send twice.

    Raises:
        ValueError: there is no event.
    """
    many: Sequence[Event] = [events] if isinstance(events, Event) else list(events)
    if not many:
        raise ValueError("feedback: there is no event to send")
    return Ask("/feedback", [event.body() for event in many], Accepted)


def given(words: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in words.items() if value is not None}


def headers_of(key: str | None, user_token: str | None) -> dict[str, str]:
    """What shows who asks; nothing where keys are off."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return headers if user_token is None else {**headers, "x-recops-user-token": user_token}


def pause_before(attempt: int, reply: httpx.Response | None, longest: float) -> float:
    """Seconds to wait before try number `attempt` (the second is 1): what the gateway asks for, else .1, .2, .4 …"""
    asked = None if reply is None else reply.headers.get("retry-after")
    wanted = float(asked) if asked is not None and asked.isdecimal() else 0.1 * 2 ** (attempt - 1)
    return min(wanted, longest)


def answer_of(ask: Ask[T], reply: httpx.Response) -> T:
    """The answer in a reply.

    Raises:
        Refused: the reply is an error, or no answer of ours.
    """
    try:
        body = reply.json()
    except ValueError:
        body = None
    if reply.is_success and isinstance(body, dict):
        return read(ask.kind, body)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        raise Refused(reply.status_code, str(error.get("code")), str(error.get("message")), error.get("field"))
    raise Refused(reply.status_code, "no_answer", f"{reply.url} is no recops gateway: {reply.text[:200]!r}")
