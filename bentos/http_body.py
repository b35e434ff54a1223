"""Reads the body of a request: JSON only, at most 1 MB, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bentos.http_errors import HttpError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BYTES = 1_000_000
MAX_DISCARDED_BYTES = 32_000_000
READ_SECONDS = 10.0


class ClientGone(Exception):
    """The client closed the connection before the body was complete."""


async def read_json_body(headers: dict[bytes, bytes], receive: Receive, seconds: float = READ_SECONDS) -> bytes:
    """The bytes of the body.

    A body that is too large is read to its end, within limits, so that the client sees the answer and not a reset.

    Raises:
        HttpError: 415 another content type, 413 too large, 408 too slow.
        ClientGone: the client has gone.
    """
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != b"application/json":  # a page of another site can send others without asking first
        raise HttpError(415, "unsupported_media_type", "send the body as content-type: application/json")
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > MAX_BYTES:
            raise too_large()
        return body
    try:
        async with asyncio.timeout(seconds):
            return await _read_rest(message, receive)
    except TimeoutError as error:
        text = f"the body did not arrive within {seconds:g} s"
        raise HttpError(408, "body_too_slow", text, headers=[(b"connection", b"close")]) from error


async def _read_rest(message: Message, receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        more = message.get("more_body", False)
        if not more and size <= MAX_BYTES:
            return b"".join(chunks)
        if not more or size > MAX_DISCARDED_BYTES:
            raise too_large()
        message = await receive()


def too_large() -> HttpError:
    """The refusal of a body over the limit."""
    return HttpError(413, "body_too_large", f"the body is larger than {MAX_BYTES:,} bytes")
