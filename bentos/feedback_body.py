"""Parses a feedback post: one event or a list of them, in which a wrong event does not cost the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from bentos.http_errors import HttpError, describe_fault, refuse_body
from components.serving.requests import MAX_EVENTS, FeedbackEvent

_EVENTS = TypeAdapter(list[FeedbackEvent])


@dataclass(frozen=True)
class FeedbackPost:
    """The good events with their places in the post, from 0, and what is wrong with the others.

    Each error has index, code, message and field (within the event).
    """

    events: list[tuple[int, FeedbackEvent]]
    errors: list[dict[str, Any]]


def parse_feedback(body: bytes) -> FeedbackPost:
    """At least one good event.

    Raises:
        HttpError: 400 broken JSON, 422 no event is good, or there are none or too many of them.
    """
    if body.lstrip()[:1] != b"[":
        try:
            return FeedbackPost([(0, FeedbackEvent.model_validate_json(body))], [])
        except ValidationError as error:
            raise refuse_body(error) from error
    try:
        events = _EVENTS.validate_json(body)
    except ValidationError as error:
        return _parse_good_events(body, error)
    _check_length(len(events))
    return FeedbackPost(list(enumerate(events)), [])


def _parse_good_events(body: bytes, error: ValidationError) -> FeedbackPost:
    faults: dict[int, dict[str, Any]] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        if not fault["loc"]:
            raise refuse_body(error) from error
        index = int(fault["loc"][0])
        if index not in faults:  # the first fault of an event is enough
            faults[index] = {"index": index, **describe_fault(fault["type"], fault["msg"], fault["loc"][1:])}
    members = from_json(body)
    _check_length(len(members))
    if len(faults) == len(members):
        raise refuse_body(error, {"errors": list(faults.values())}) from error
    places = [index for index in range(len(members)) if index not in faults]
    # Not by orjson, which writes no integer beyond 64 bits.
    events = _EVENTS.validate_json(to_json([members[index] for index in places]))
    return FeedbackPost(list(zip(places, events, strict=True)), list(faults.values()))


def _check_length(n: int) -> None:
    if not 1 <= n <= MAX_EVENTS:
        raise HttpError(422, "invalid_field", f"a list holds 1 to {MAX_EVENTS} events, not {n}")
