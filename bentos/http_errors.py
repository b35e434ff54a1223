"""Says over HTTP what was wrong with a request: `{"error": {"code", "message", "field"}}` with the right status."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic import ValidationError

_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field"}


class HttpError(Exception):
    """A request that is answered with an error.

    Attributes:
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers

    def body(self) -> bytes:
        """The JSON of the answer."""
        return orjson.dumps({"error": {"code": self.code, "message": self.message, "field": self.field}})


def refuse_body(error: ValidationError) -> HttpError:
    """The answer to a body that did not parse: 400 for broken JSON, else 422 naming the first wrong field."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return HttpError(400, "invalid_json", f"the body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    field = field_path(first["loc"])
    message = f"{field}: {first['msg']}" if field else first["msg"]
    return HttpError(422, _CODES.get(first["type"], "invalid_field"), message, field)


def field_path(location: Sequence[int | str]) -> str | None:
    """A pydantic location as a client writes it: `profile.tier`, or `[3].value` in a list."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path or None
