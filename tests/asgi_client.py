"""Talks to an ASGI app in this process, without a server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Reply:
    """What the app sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str | None]:
        """Status, code and field of an error."""
        error = self.json["error"]
        assert set(error) == {"code", "message", "field"}
        assert error["message"]
        return self.status, error["code"], error["field"]


def call(
    app: Any,
    method: str,
    path: str,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    chunk_size: int = 1_000_000_000,
) -> Reply:
    """One request in an event loop of its own, which ends with it."""
    return asyncio.run(send(app, method, path, body, headers, chunk_size))


async def send(
    app: Any,
    method: str,
    path: str,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    chunk_size: int = 1_000_000_000,
) -> Reply:
    """One request; a body that is not bytes is sent as JSON, in chunks of `chunk_size` bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    chunks = [content[start : start + chunk_size] for start in range(0, len(content), chunk_size)] or [b""]
    given = {"content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, take)
    start, *rest = sent
    answer = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(start["status"], answer, b"".join(message["body"] for message in rest))
