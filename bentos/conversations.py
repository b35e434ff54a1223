"""Answers `POST /chat`: finds the conversation, takes the turn, keeps what came of it before it is told."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bentos.caller import Caller
from bentos.http_errors import HttpError, retry_after
from bentos.shelves import Shelves
from components.adapters.store.conversations.kept import KeptConversation, SqlConversations
from components.conversation.dialogue import Turn, take_turn
from components.conversation.state import Conversation, read_conversation
from components.serving.answer import UnknownItem
from components.serving.chat_request import ChatAnswer, ChatRequest, Explained, ExplainRequest
from components.serving.item_search import FoundItem
from components.serving.leading import Leading, LedTurn
from components.serving.recent_history import EventsUnread, UserEvents
from components.serving.request_path import RequestPath
from components.serving.shelf import ALL_ON
from components.serving.talk import Talk
from components.serving.text_reading import NOTHING_READ, ReadTexts, TextReading
from components.wishes.wish import Wish

logger = logging.getLogger("recops.service")

MAX_TURNS = 200
NOT_ASKED: LedTurn[FoundItem] = LedTurn(None)
ReadEvents = Callable[[str], Awaitable[UserEvents | EventsUnread]]


class Conversations:
    """One per process.

    Args:
        kept: where conversations are kept between their messages.
        shelves: what is on now.
        seconds: for how long one is kept after its last message.
        now: seconds since 1970.
        perf_counter: seconds, for durations.
        leading_of: has a language model lead the conversations of a variant, where it has one.
        reading_of: has one read the messages of a variant whose conversations none leads.
    """

    def __init__(
        self,
        kept: SqlConversations,
        events: ReadEvents,
        shelves: Shelves,
        seconds: float,
        now: Callable[[], float],
        perf_counter: Callable[[], float],
        leading_of: Callable[[str], Leading | None] = lambda _variant: None,
        reading_of: Callable[[str], TextReading | None] = lambda _variant: None,
    ) -> None:
        self._reading_of = reading_of
        self._kept = kept
        self._leading_of = leading_of
        self._events = events
        self._shelves = shelves
        self._seconds = seconds
        self._now = now
        self._perf_counter = perf_counter

    async def answer(
        self,
        request: ChatRequest,
        request_id: str,
        caller: Caller,
        path_of: Callable[[str | None], RequestPath],
        probe: bool,
    ) -> ChatAnswer:
        """The answer to a message; nothing of a probe's is kept.

        Raises:
            HttpError: 403 for another user than the caller's; 404 no such conversation of theirs; 409 another message
                came first; 422 a conversation that is too long; 503 without a store.
        """
        start, now = self._perf_counter(), self._now()
        caller.check_user(request.user_id)
        before = await self._find(request, caller, now)
        path = path_of(before.user_id)
        recent = None if probe or before.user_id is None else await self._events(before.user_id)
        read = NOTHING_READ if probe else await self._read(request, request_id, before, path, caller)
        talk = path.talk(before.user_id, recent, ALL_ON if probe else self._shelves.of(path), read.readings)
        said = read_conversation(before.state)
        led = NOT_ASKED if probe else await self._led(request, request_id, before, said, talk, path, caller, start)
        turn = led.turn or take_turn(said, request.message, talk, request.k)
        state = replace(turn.state, shown=tuple(talk.still_on(turn.state.shown)))
        expires_at = now + self._seconds
        if not probe:
            await self._save(before, state, expires_at)
        return ChatAnswer(
            request_id=request_id,
            conversation_id=before.conversation_id,
            reply=turn.reply,
            did=turn.act,
            items=_items(turn, state, talk),
            changed=turn.found is not None and bool(turn.found.ids),
            understood=_told(turn.understood, ()),
            ignored=turn.ignored,
            state={
                "wishes": _told(state.wishes, turn.found.loosened if turn.found else ()),
                "shown": list(state.shown),
                "rejected": list(state.rejected),
                "turns": state.turns,
                "expires_at": expires_at,
            },
            release=path.release_id,
            slot=path.slot,
            variant=path.variant,
            led_by="words" if led.turn is None else "model",
            fallback_reason=led.fallback_reason or read.fallback_reason,
            dropped=led.dropped,
            cost_usd=led.cost_usd + read.cost_usd,
            timings_ms={"total": round((self._perf_counter() - start) * 1000, 3)},
        )

    async def explain(
        self, request: ExplainRequest, request_id: str, path: RequestPath, probe: bool
    ) -> Explained | UnknownItem:
        """Why somebody who says the query would be shown the item."""
        start = self._perf_counter()
        if request.item_id not in path.bundle.items.row_of:
            return UnknownItem(request.item_id)
        recent = None if probe or request.user_id is None else await self._events(request.user_id)
        talk = path.talk(request.user_id, recent)
        read = talk.read(request.query)
        (item,) = talk.shown([request.item_id], read.wishes)
        return Explained(
            request_id=request_id,
            item=item,
            why=item.explanation or "",
            understood=_told(read.wishes, ()),
            ignored=read.ignored,
            release=path.release_id,
            slot=path.slot,
            variant=path.variant,
            timings_ms={"total": round((self._perf_counter() - start) * 1000, 3)},
        )

    def close(self) -> None:
        """Lets go of the store."""
        self._kept.close()

    async def _led(
        self,
        request: ChatRequest,
        request_id: str,
        before: KeptConversation,
        state: Conversation,
        talk: Talk,
        path: RequestPath,
        caller: Caller,
        start: float,
    ) -> LedTurn[FoundItem]:
        """The turn as the variant's language model leads it, where it has one."""
        leading = self._leading_of(path.variant)
        if leading is None:
            return NOT_ASKED
        seconds = request.timeout_ms / 1000 if request.timeout_ms else leading.seconds
        state = replace(state, shown=tuple(talk.still_on(state.shown)))
        asker = (before.user_id or "", before.conversation_id)
        return await leading.turn(
            state, request.message, talk, request.k, asker, caller.payer, request_id, start + seconds
        )

    async def _read(
        self, request: ChatRequest, request_id: str, before: KeptConversation, path: RequestPath, caller: Caller
    ) -> ReadTexts:
        """What a model makes of the message, where none leads the conversation."""
        reading = None if self._leading_of(path.variant) else self._reading_of(path.variant)
        if reading is None:
            return NOTHING_READ
        user = before.user_id or ""
        return await reading.of([request.message], path.facts, user, caller.payer, request_id, request.timeout_ms)

    async def _find(self, request: ChatRequest, caller: Caller, now: float) -> KeptConversation:
        if request.conversation_id is None:
            user = request.user_id or caller.user or None
            state = Conversation().data()
            return KeptConversation(secrets.token_urlsafe(18), caller.key_id, user, 0, state, now, now)
        try:
            found = await asyncio.to_thread(self._kept.find, request.conversation_id, now)
        except SQLAlchemyError as error:
            raise _unavailable(error) from error
        if found is None or not _may_go_on(found, request, caller):
            text = "there is no such conversation, or no longer; leave conversation_id out to begin one"
            raise HttpError(404, "unknown_conversation", f"conversation_id: {text}", "conversation_id")
        if found.turn >= MAX_TURNS:
            text = f"a conversation has at most {MAX_TURNS} messages; leave conversation_id out to begin another"
            raise HttpError(422, "conversation_too_long", f"conversation_id: {text}", "conversation_id")
        return found

    async def _save(self, before: KeptConversation, state: Conversation, expires_at: float) -> None:
        try:
            saved = await asyncio.to_thread(self._kept.save, before, state.data(), expires_at)
        except SQLAlchemyError as error:
            raise _unavailable(error) from error
        if not saved:
            text = "another message of this conversation came first; send this one again"
            raise HttpError(409, "conversation_busy", f"conversation_id: {text}", "conversation_id")


def _may_go_on(found: KeptConversation, request: ChatRequest, caller: Caller) -> bool:
    """Whether a conversation is that of the key, of the user of the token, and of the user that is named."""
    mine = found.key_id == caller.key_id and (caller.user is None or found.user_id == (caller.user or None))
    return mine and request.user_id in (None, found.user_id)


def _items(turn: Turn[FoundItem], state: Conversation, talk: Talk) -> Sequence[FoundItem]:
    if turn.found is not None and turn.found.ids:
        return turn.found.items
    return talk.shown(state.shown, state.wishes)


def _told(wishes: Sequence[Wish], loosened: Sequence[Wish]) -> list[dict[str, Any]]:
    given_up = set(loosened)
    return [{"words": wish.words(), **wish.data(), "loosened": wish in given_up} for wish in wishes]


def _unavailable(error: SQLAlchemyError) -> HttpError:
    logger.warning("a conversation could not be read or kept: %s", error)
    text = "the event store is busy or gone; nothing was kept, send the same message again"
    return HttpError(503, "store_unavailable", text, headers=retry_after(1))
