"""Clients that are slow, gone or without end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bentos.http_body import MAX_BYTES, MAX_DISCARDED_BYTES, ClientGone, read_json_body
from bentos.http_errors import HttpError

PART = {"type": "http.request", "body": b"{", "more_body": True}


def read(*messages: dict[str, Any]) -> bytes:
    """Reads a body of these messages; after the last one nothing comes."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return asyncio.run(read_json_body({b"content-type": b"application/json"}, receive, seconds=0.05))


def test_a_client_that_stops_sending_is_told_so() -> None:
    with pytest.raises(HttpError) as caught:
        read(PART)
    assert (caught.value.status, caught.value.code) == (408, "body_too_slow")


def test_a_client_that_leaves_is_not_answered() -> None:
    with pytest.raises(ClientGone):
        read(PART, {"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        read({"type": "http.disconnect"})


def test_the_case_of_a_content_type_does_not_count() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    headers = {b"content-type": b"Application/JSON; Charset=UTF-8"}
    assert asyncio.run(read_json_body(headers, receive)) == b"{}"


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert len(read({"type": "http.request", "body": b"x" * MAX_BYTES})) == MAX_BYTES
    with pytest.raises(HttpError):
        read({"type": "http.request", "body": b"x" * (MAX_BYTES + 1)})


def test_a_body_without_end_is_not_read_for_ever() -> None:
    chunk = {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}
    with pytest.raises(HttpError) as caught:
        read(*[chunk] * (MAX_DISCARDED_BYTES // 1_000_000 + 1))
    assert caught.value.status == 413
