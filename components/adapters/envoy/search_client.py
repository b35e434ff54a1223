"""Asks the gateway's endpoints for one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

TIMEOUT_SECONDS = 10.0


class SearchFailedError(Exception):
    """The gateway cannot be asked, or refuses; the message says why."""


def search(gateway: str, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """The answer of `POST /search` to `body`; see `ask_gateway`."""
    return ask_gateway(gateway, "/search", body, key)


def ask_gateway(
    gateway: str, path: str, body: Mapping[str, Any], key: str | None = None, seconds: float = TIMEOUT_SECONDS
) -> dict[str, Any]:
    """The answer to `body` posted to `path`, as the gateway gives it to who shows `key`.

    Raises:
        SearchFailedError: nothing answers at `gateway` within `seconds`, or it answers with an error.
    """
    try:
        reply = httpx.post(f"{gateway}{path}", json=dict(body), headers=key_header(key), timeout=seconds)
    except httpx.HTTPError as error:
        raise SearchFailedError(f"{gateway} does not answer ({error}); start the stack with `recops up`") from error
    if not reply.is_success:
        raise SearchFailedError(f"{gateway} answers {reply.status_code}: {_message(reply)}")
    answer: dict[str, Any] = reply.json()
    return answer


def key_header(key: str | None) -> dict[str, str]:
    """What shows a key; nothing without one."""
    return {} if key is None else {"authorization": f"Bearer {key}"}


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return reply.text[:200]
