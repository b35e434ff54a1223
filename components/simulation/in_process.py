"""Answers a simulation from the request path itself, without HTTP: people, clicks and folding in are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

from components.serving.recent_history import UserEvent, UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.simulation.traffic import Failure, HttpReply


class InProcessService:
    """`components.simulation.traffic.Service` on one request path; remembers feedback as the event store would."""

    def __init__(self, path: RequestPath) -> None:
        self._path = path
        self._events: dict[str, UserEvents] = {}
        self._numbers = count()

    async def recommend(self, body: Mapping[str, Any]) -> HttpReply | Failure:
        """The answer as a body of the HTTP interface."""
        request = RecommendRequest.model_validate(dict(body))
        recent = self._events.get(request.user_id, UserEvents((), 0))
        answer = await self._path.answer(request, f"in-process-{next(self._numbers)}", recent)
        return HttpReply({**answer.body(), "items": [asdict(item) for item in answer.items]})

    async def tell(self, events: Sequence[Mapping[str, Any]]) -> Failure | None:
        """Remember the events."""
        for event in events:
            before = self._events.get(event["user_id"], UserEvents((), 0))
            told = UserEvent(event["item_id"], event["type"], event.get("value"))
            self._events[event["user_id"]] = UserEvents((*before.events, told), before.version + 1)
        return None
