"""Answers `POST /onboarding`: keeps a newcomer's answers as feedback, and asks about what splits tastes best next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson

from bentos.caller import Caller
from bentos.feedback_intake import FeedbackIntake
from bentos.shelves import Shelves
from components.access.tenants import local_id
from components.serving.onboarding_request import Onboarded, OnboardingAnswer, OnboardingRequest
from components.serving.recent_history import EventsUnread, UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.serving.shelf import ALL_ON

ReadEvents = Callable[[str], Awaitable[UserEvents | EventsUnread]]


class Newcomers:
    """One per process.

    Args:
        shelves: what is on now.
        perf_counter: seconds, for durations.
    """

    def __init__(
        self, intake: FeedbackIntake, events: ReadEvents, shelves: Shelves, perf_counter: Callable[[], float]
    ) -> None:
        self._intake = intake
        self._events = events
        self._shelves = shelves
        self._perf_counter = perf_counter

    async def answer(
        self, request: OnboardingRequest, request_id: str, caller: Caller, path: RequestPath, probe: bool
    ) -> Onboarded:
        """The next questions, and the list as the answers change it; a probe's answers are not kept.

        Raises:
            HttpError: as `FeedbackIntake.take`.
        """
        start = self._perf_counter()
        row_of = path.bundle.items.row_of
        known = [each for each in request.answers if each.item_id in row_of]
        told = [_event(local_id(request.user_id), each, path) for each in known if each.likes is not None]
        if told and not probe:
            await self._intake.take(orjson.dumps(told), request_id, caller)
        recent = None if probe else await self._events(request.user_id)
        shelf = ALL_ON if probe else self._shelves.of(path)
        asked = RecommendRequest(user_id=request.user_id, k=request.k)
        answer = path.recommend(asked, request_id, recent, shelf=shelf)
        talk = path.talk(request.user_id, recent, shelf)
        answered = {row_of[each.item_id] for each in known if each.likes is not None} | talk.met
        passed = [*(row_of[each.item_id] for each in known if each.likes is None), *shelf.off.tolist()]
        ids = [path.bundle.items.ids[row] for row in path.onboarding.ask(answered, passed, request.ask)]
        return Onboarded(
            request_id=request_id,
            user_id=request.user_id,
            ask=[replace(item, explanation=None) for item in talk.shown(ids, ())],
            items=answer.items,
            answered=len(known),
            route=answer.route,
            release=path.release_id,
            slot=path.slot,
            variant=path.variant,
            timings_ms={"total": round((self._perf_counter() - start) * 1000, 3)},
        )


def _event(user_id: str, answer: OnboardingAnswer, path: RequestPath) -> dict[str, object]:
    """The answer as feedback; its id is the same whenever it is sent."""
    event: dict[str, object] = {"user_id": user_id, "item_id": answer.item_id}
    if answer.likes:
        return {**event, "type": "rating", "value": path.bundle.manifest.like_value, "event_id": _id(answer, "likes")}
    return {**event, "type": "dislike", "event_id": _id(answer, "dislikes")}


def _id(answer: OnboardingAnswer, what: str) -> str:
    return f"onboarding-{what}-{answer.item_id}"[:128]
