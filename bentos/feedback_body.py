"""Parses a feedback post: one event or a list of them, in which a wrong event does not cost the others.

The JSON is read once, each event is looked at once, and what is said of wrong ones is bounded: a body of a megabyte
must not hold up who asks meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from bentos.http_errors import MAX_FIELD, HttpError, check_size, describe_fault, refuse_body
from components.serving.requests import MAX_EVENTS, FeedbackEvent
from components.serving.user_id import from_tenant

MAX_ERRORS = 100
"""Wrong events of a post that are described; of the others only the number is told."""
_FIELDS = frozenset(FeedbackEvent.model_fields)


@dataclass(frozen=True)
class FeedbackPost:
    """The good events with their places in the post, from 0, and what is wrong with the first `MAX_ERRORS` others.

    Each error has index, code, message and field (within the event). `refused` counts all wrong events.
    """

    events: list[tuple[int, FeedbackEvent]]
    errors: list[dict[str, Any]]
    refused: int = 0

    def without(self, places: Sequence[int], fault: dict[str, Any]) -> FeedbackPost:
        """This post without the good events at `places`, which are wrong for the reason `fault`."""
        gone = set(places)
        more = [{"index": index, **fault} for index in places]
        errors = sorted([*self.errors, *more], key=lambda error: error["index"])[:MAX_ERRORS]
        kept = [(index, event) for index, event in self.events if index not in gone]
        return FeedbackPost(kept, errors, self.refused + len(places))


def parse_feedback(body: bytes, tenant: str) -> FeedbackPost:
    """At least one good event; the users are `tenant`'s.

    Raises:
        HttpError: 400 broken JSON, 422 no event is good, or there are none or too many of them.
    """
    check_size(body, MAX_EVENTS * len(_FIELDS))
    try:
        given = from_json(body)
    except ValueError as error:
        raise HttpError(400, "invalid_json", f"the body is not JSON: {error}") from error
    if not isinstance(given, list):
        if isinstance(given, dict) and len(given) > len(_FIELDS):
            raise HttpError(422, **_too_many_fields(given))
        try:
            return FeedbackPost([(0, FeedbackEvent.model_validate(given, context=from_tenant(tenant)))], [])
        except ValidationError as error:
            raise refuse_body(error) from error
    if not 1 <= len(given) <= MAX_EVENTS:
        raise HttpError(422, "invalid_field", f"a list holds 1 to {MAX_EVENTS} events, not {len(given)}")
    return _parse_list(given, from_tenant(tenant))


def _parse_list(given: list[Any], context: Mapping[str, str]) -> FeedbackPost:
    events: list[tuple[int, FeedbackEvent]] = []
    errors: list[dict[str, Any]] = []
    for index, member in enumerate(given):
        parsed = _parse_event(member, context)
        if isinstance(parsed, FeedbackEvent):
            events.append((index, parsed))
        elif len(errors) < MAX_ERRORS:
            errors.append({"index": index, **parsed()})
    refused = len(given) - len(events)
    if not events:
        first_error = errors[0]
        place = f"[{first_error['index']}]"
        field = f"{place}.{first_error['field']}" if first_error["field"] else place
        raise HttpError(
            422, first_error["code"], f"{place}: {first_error['message']}", field, more=told(errors, refused)
        )
    return FeedbackPost(events, errors, refused)


def _parse_event(member: Any, context: Mapping[str, str]) -> FeedbackEvent | Callable[[], dict[str, Any]]:
    """The event, or what describes its fault; only those that are told are worth describing."""
    if isinstance(member, dict) and len(member) > len(_FIELDS):
        return partial(_too_many_fields, member)
    try:
        return FeedbackEvent.model_validate(member, context=context)
    except ValidationError as error:
        return partial(_first_fault, error)


def _first_fault(error: ValidationError) -> dict[str, Any]:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return describe_fault(first["type"], first["msg"], first["loc"])


def told(errors: list[dict[str, Any]], refused: int) -> dict[str, Any]:
    """What an answer says of wrong events; nothing without any."""
    if not refused:
        return {}
    left_out = {"errors_left_out": refused - len(errors)} if refused > len(errors) else {}
    return {"errors": errors, **left_out}


def _too_many_fields(member: dict[str, Any]) -> dict[str, Any]:
    name = next(name for name in member if name not in _FIELDS)[:MAX_FIELD]
    return {"code": "unknown_field", "message": f"{name}: an event has no such field", "field": name}
