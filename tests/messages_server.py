"""A server that speaks the Messages API from a script: real HTTP on loopback, in a thread of its own.

Tokens are counted as a third of the characters, which is more than English text has.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CHARACTERS_PER_TOKEN = 3.0
SCHEMA_TOKENS = 150


@dataclass(frozen=True)
class Says:
    """A message. `text` None means a good one: the candidates backwards, each with a reason.

    With `tools` (name and arguments) it calls these instead, after what `text` says.
    """

    text: str | None = None
    stop: str = "end_turn"
    delay: float = 0.0
    usage: dict[str, int] | None = None
    tools: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Status:
    """An error of the API."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True)
class Body:
    """A reply whose body is not a message."""

    content: bytes


@dataclass(frozen=True)
class Reset:
    """The connection is reset in the middle of the body."""


Behaviour = Says | Status | Body | Reset
Script = Callable[[dict[str, Any], int], Behaviour]
"""What to do with the n-th request (from 0)."""


@dataclass
class MessagesServer:
    """What is running: its address, and every request that came, as parsed JSON with its headers beside it."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    script: Script = lambda body, n: Says()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):  # the end of the test cancels
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        n = len(self.requests)
        self.requests.append(body)
        self.headers.append(headers)
        behaviour = self.script(body, n)
        if isinstance(behaviour, Reset):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{")
            await writer.drain()
            writer.transport.abort()
            return False
        if isinstance(behaviour, Body):
            await _send(writer, 200, behaviour.content)
            return True
        await asyncio.sleep(behaviour.delay)
        if isinstance(behaviour, Status):
            error = {"type": "error", "error": {"type": "api_error", "message": "scripted"}}
            await _send(writer, behaviour.code, json.dumps(error).encode(), behaviour.headers)
            return True
        await _send(writer, 200, json.dumps(message(body, behaviour)).encode())
        return True


def message(request: dict[str, Any], says: Says) -> dict[str, Any]:
    """The message that answers `request`."""
    text = says.text or "" if says.tools else good_reply(request) if says.text is None else says.text
    said = [{"type": "text", "text": text}] if text or not says.tools else []
    uses = [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": given}
        for n, (name, given) in enumerate(says.tools)
    ]
    prompt = "".join(block["text"] for block in request["system"]) + request["messages"][0]["content"]
    usage = {"input_tokens": tokens(prompt) + SCHEMA_TOKENS, "output_tokens": tokens(text)}
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [*said, *uses],
        "stop_reason": "tool_use" if uses and says.stop == "end_turn" else says.stop,
        "stop_sequence": None,
        "usage": says.usage or usage,
    }


def good_reply(request: dict[str, Any]) -> str:
    """The best k of the candidates backwards, with a reason of ten words for each where the schema asks for them."""
    user = request["messages"][0]["content"]
    shown = user.split("<candidates>\n", 1)[1].split("\n</candidates>", 1)[0].splitlines()
    match = re.search(r"the best (\d+)", user)
    k = int(match[1]) if match else len(shown)
    order = list(range(len(shown), 0, -1))[:k]
    schema = request.get("output_config", {}).get("format", {}).get("schema", {})
    if "reasons" not in schema.get("properties", {}):
        return json.dumps({"order": order})
    return json.dumps({"order": order, "reasons": ["something that goes well with what you liked most lately"] * k})


def tokens(text: str) -> int:
    """An estimate from above."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


@contextmanager
def messages_server(script: Script | None = None) -> Iterator[MessagesServer]:
    """A running server on a free port of loopback."""
    server = MessagesServer()
    if script is not None:
        server.script = script
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="messages-server", daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(server.serve, "127.0.0.1", 0)

    async def stop(listening: asyncio.Server) -> None:
        listening.close()
        open_connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_connections:
            task.cancel()
        await asyncio.gather(*open_connections)
        await asyncio.sleep(0)  # an aborted transport closes its socket in the next round

    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    given = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode() + body)
    await writer.drain()
