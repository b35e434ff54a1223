"""A server behind the check answers programs and its own pages, and no page of another site under any name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from components.adapters.machine.own_site import OwnSite, local_names

NAMES = local_names("127.0.0.1", 4200, ["prefect:4200"])


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def asked(kind: str, *headers: tuple[str, str]) -> Any:
    """The first thing that is sent."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "POST", "headers": [(n.encode(), v.encode()) for n, v in headers]}
    asyncio.run(OwnSite(app, NAMES)(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize(
    "headers",
    [
        (("host", "127.0.0.1:4200"),),
        (("host", "LOCALHOST:4200"),),
        (("host", "prefect:4200"),),
        (("host", "localhost:4200"), ("origin", "http://localhost:4200")),
        (("host", "127.0.0.1:4200"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")),
    ],
)
def test_programs_and_own_pages_are_answered(headers: tuple[tuple[str, str], ...]) -> None:
    assert asked("http", *headers)["status"] == 200
    assert asked("websocket", *headers)["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("host", "evil.example:4200"),),
        (("host", "127.0.0.1"),),
        (("host", "127.0.0.1:4200"), ("host", "evil.example")),
        (("host", "127.0.0.1:4200"), ("origin", "http://127.0.0.1:8000")),
        (("host", "127.0.0.1:4200"), ("origin", "null")),
        (("host", "127.0.0.1:4200"), ("origin", "https://evil.example")),
        (("host", "evil.example:4200"), ("origin", "http://evil.example:4200")),
        (("host", "127.0.0.1:4200"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")),
    ],
)
def test_another_host_and_another_origin_are_refused(headers: tuple[tuple[str, str], ...]) -> None:
    assert asked("http", *headers)["status"] == 403
    assert asked("websocket", *headers)["type"] == "websocket.close"
