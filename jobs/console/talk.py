"""Talks with the catalogue as somebody, through the live slot's `POST /chat`; marked as on trial, as questions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.adapters.slots.questions import ask_slot
from jobs.errors import NothingThereError
from jobs.wiring.workbench import Workbench

MAX_ITEMS = 10


@dataclass(frozen=True)
class Exchange:
    """What somebody said, and what was replied."""

    said: str
    reply: str


@dataclass(frozen=True)
class HeldTalk:
    """A conversation as it stands: `answer` is that to the last message, `fault` why there is none."""

    conversation_id: str
    lines: tuple[Exchange, ...]
    answer: dict[str, Any] | None = None
    fault: str | None = None


def talk(
    bench: Workbench,
    user_id: str,
    conversation_id: str,
    messages: Sequence[str],
    before: Sequence[Exchange],
    k: int,
    key: str | None,
) -> HeldTalk:
    """Says each of `messages` after what was said `before`; an empty `conversation_id` begins a conversation.

    Raises:
        NothingThereError: nothing is live.
    """
    state = bench.store.releases.routing()
    if state.live_slot is None:
        raise NothingThereError("nothing is live yet; run `recops up`")
    url, release = bench.settings.slot_urls(state.live_slot)[0], state.releases[state.live_slot]
    lines, answer = tuple(before), None
    for message in messages:
        begun = {"conversation_id": conversation_id} if conversation_id else {"user_id": user_id}
        reply = ask_slot(url, "/chat", {"message": message, "k": min(k, MAX_ITEMS), **begun}, key, release)
        if reply.answer is None:
            return HeldTalk(conversation_id, (*lines, Exchange(message, "")), None, reply.fault)
        answer = reply.answer
        conversation_id = answer["conversation_id"]
        lines = (*lines, Exchange(message, answer["reply"]))
    return HeldTalk(conversation_id, lines, answer)
