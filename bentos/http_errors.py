"""Says over HTTP what was wrong with a request: `{"error": {"code", "message", "field"}}` with the right status."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from components.serving.item_filters import BadFilter
from components.serving.user_id import from_tenant

_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field"}
_NAMED = re.compile(rb'"\s*:').findall

MAX_PARTS = 50_000
"""Commas and opening brackets of a body: what is more holds a slot up for longer than any honest request."""
MAX_NAMES = 5_000
"""Named fields of a body, each of which may be an error of its own."""
MAX_FIELD = 200
"""Characters of the place of an error, which a client may have chosen."""


class HttpError(Exception):
    """A request that is answered with an error.

    Attributes:
        headers: further headers of the answer.
        more: what stands in its body beside the error.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers
        self.more = more or {}

    def body(self) -> bytes:
        """The JSON of the answer."""
        error = {"code": self.code, "message": self.message, "field": self.field}
        return orjson.dumps({"error": error, **self.more})


def check_size(body: bytes, max_names: int = MAX_NAMES) -> None:
    """Nothing, in a millisecond at the most, for a body that can be parsed in a few.

    Raises:
        HttpError: it has too many parts.
    """
    parts = body.count(b",") + body.count(b"{") + body.count(b"[")
    if parts > MAX_PARTS or (parts > max_names and len(_NAMED(body)) > max_names):
        raise HttpError(422, "too_many_parts", "the body has more fields, or lists more things, than any request may")


Parsed = TypeVar("Parsed", bound=BaseModel)


def parse_body(kind: type[Parsed], body: bytes, tenant: str | None) -> Parsed:
    """The body of a request; the users that it names are `tenant`'s, or with None as the stack itself names them.

    Raises:
        HttpError: it is no such thing.
    """
    try:
        return kind.model_validate_json(body, context=None if tenant is None else from_tenant(tenant))
    except ValidationError as error:
        raise refuse_body(error) from error


def nothing_at(path: str) -> NoReturn:
    """For paths that only the stack itself may ask.

    Raises:
        HttpError: always.
    """
    raise HttpError(404, "not_found", f"there is nothing at {path}")


def retry_after(seconds: float) -> tuple[tuple[bytes, bytes], ...]:
    """The header that says when to ask again, in whole seconds from 1 up."""
    return ((b"retry-after", str(max(1, math.ceil(seconds))).encode()),)


def refuse_body(error: ValidationError, more: Mapping[str, Any] | None = None) -> HttpError:
    """The answer to a body that did not parse: 400 for broken JSON, else 422 naming the first wrong field."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return HttpError(400, "invalid_json", f"the body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    return HttpError(422, **describe_fault(first["type"], first["msg"], first["loc"]), more=more)


def refuse_domain(fault: str | None, field: str = "domain") -> None:
    """Nothing where a domain is one.

    Raises:
        HttpError: 400, with what is wrong.
    """
    if fault is not None:
        raise HttpError(400, "unknown_domain", f"{field}: {fault}", field)


def refuse_filter(fault: BadFilter, filters: str = "filters") -> HttpError:
    """The answer to a filter that means nothing here; `filters` is where it stands."""
    field = f"{filters}.{fault.name}"[:MAX_FIELD]
    return HttpError(422, fault.code, f"{field}: {fault.message}", field)


def describe_fault(kind: str, message: str, location: Sequence[int | str]) -> dict[str, Any]:
    """Code, message and field of one of pydantic's errors."""
    field = field_path(location)
    return {
        "code": _CODES.get(kind, "invalid_field"),
        "message": f"{field}: {message}" if field else message,
        "field": field,
    }


def field_path(location: Sequence[int | str]) -> str | None:
    """A pydantic location as a client writes it: `profile.tier`, or `[3].value` in a list."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path[:MAX_FIELD] or None
