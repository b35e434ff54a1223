"""Asks the gateway as many clients do, over kept connections; cheap enough to be a load test on the same machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

from components.simulation.traffic import Failure, HttpReply

TIMEOUT_SECONDS = 20.0
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class GatewayClient:
    """`components.simulation.traffic.Service` over HTTP/1.1; one connection for each request under way, kept.

    A kept connection that the other side closed meanwhile is replaced once: nothing of the request was read then.
    """

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS, key: str | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._timeout = timeout_seconds
        self._key = "" if key is None else f"authorization: Bearer {key}\r\n"
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def recommend(self, body: Mapping[str, Any]) -> HttpReply | Failure:
        """The answer to `POST /recommend`."""
        outcome = await self._post("/recommend", body)
        return outcome if isinstance(outcome, Failure) else HttpReply(outcome)

    async def tell(self, events: Sequence[Mapping[str, Any]]) -> Failure | None:
        """Post feedback; every event needs an `event_id`, so that a repeat counts once."""
        outcome = await self._post("/feedback", list(events))
        return outcome if isinstance(outcome, Failure) else None

    async def close(self) -> None:
        """Let go of the kept connections."""
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                continue

    async def _post(self, path: str, body: object) -> dict[str, Any] | Failure:
        content = orjson.dumps(body)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\ncontent-type: application/json\r\n"
            f"{self._key}content-length: {len(content)}\r\n\r\n"
        )
        try:
            status, answer = await asyncio.wait_for(self._exchange(head.encode() + content), self._timeout)
        except TimeoutError:
            return Failure("timeout")
        except (OSError, EOFError, ValueError) as error:
            return Failure(f"connection: {type(error).__name__}")
        try:
            parsed = orjson.loads(answer)
        except ValueError:
            return Failure(f"{status} no JSON")
        if status >= 400 or not isinstance(parsed, dict):
            code = parsed.get("error", {}).get("code", "") if isinstance(parsed, dict) else ""
            return Failure(f"{status} {code}".strip())
        return parsed

    async def _exchange(self, message: bytes) -> tuple[int, bytes]:
        kept = bool(self._idle)
        connection = self._idle.pop() if kept else await asyncio.open_connection(self._host, self._port)
        try:
            answer = await _send(connection, message)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            connection[1].close()
            if not kept or (isinstance(error, asyncio.IncompleteReadError) and error.partial):
                raise
            connection = await asyncio.open_connection(self._host, self._port)
            answer = await _send(connection, message)
        except BaseException:
            connection[1].close()
            raise
        self._idle.append(connection)
        return answer


async def _send(connection: _Connection, message: bytes) -> tuple[int, bytes]:
    """Status and body of the answer."""
    reader, writer = connection
    writer.write(message)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    if "content-length" in fields:
        return int(lines[0].split(" ", 2)[1]), await reader.readexactly(int(fields["content-length"]))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return int(lines[0].split(" ", 2)[1]), body
