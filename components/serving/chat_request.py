"""The bodies of `POST /chat` and `POST /explain`, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from components.serving.item_search import FoundItem
from components.serving.requests import MAX_TIMEOUT_MS, Body, Id
from components.serving.user_id import UserId

MAX_MESSAGE = 512
MAX_CHAT_ITEMS = 20


class ChatRequest(Body):
    """Body of `POST /chat`.

    Without `conversation_id` a conversation begins; with it the one goes on that an answer named. `user_id` need not be
    said again; it is that of the first message. `timeout_ms` is how long a language model may take, from the arrival of
    the message on; without it the release's policy holds.
    """

    message: Annotated[str, StringConstraints(min_length=1, max_length=MAX_MESSAGE)]
    conversation_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None
    user_id: UserId | None = None
    k: Annotated[int, Field(ge=1, le=MAX_CHAT_ITEMS)] = 5
    timeout_ms: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MS)] | None = None


class ExplainRequest(Body):
    """Body of `POST /explain`: why somebody who says `query` would be shown the item."""

    item_id: Id
    query: Annotated[str, StringConstraints(max_length=MAX_MESSAGE)] = ""
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer to an `ExplainRequest`; all of it goes to the client.

    Attributes:
        understood: the wishes of the query.
    """

    request_id: str
    item: FoundItem
    why: str
    understood: Sequence[Mapping[str, Any]]
    ignored: Sequence[str]
    release: str
    slot: str
    variant: str
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The answer to a `ChatRequest`; all of it goes to the client.

    Attributes:
        did: what the message did, an `Act` of components/conversation/intent.py.
        items: the list as it stands now; `changed` says whether the message changed it.
        understood, ignored: the wishes of this message, and its words that did nothing.
        state: all wishes so far, what is shown and was turned down, and when the conversation is forgotten.
        led_by: `model` or `words`, the built-in reader.
        fallback_reason: why a model that was to lead did not.
        dropped: what a model named that no tool had returned, and why sentences of it were left out.
    """

    request_id: str
    conversation_id: str
    reply: str
    did: str
    items: Sequence[FoundItem]
    changed: bool
    understood: Sequence[Mapping[str, Any]]
    ignored: Sequence[str]
    state: Mapping[str, Any]
    release: str
    slot: str
    variant: str
    led_by: Literal["model", "words"]
    fallback_reason: str | None
    dropped: Sequence[str]
    cost_usd: float
    timings_ms: Mapping[str, float]
