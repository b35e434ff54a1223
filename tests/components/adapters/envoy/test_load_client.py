"""The client against a real server on loopback: kept connections, both framings, and failures by kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from components.adapters.envoy.load_client import GatewayClient
from components.simulation.traffic import Failure, HttpReply

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def answered(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def ask(handler: Handler, times: int = 1, timeout: float = 5.0, at_once: bool = False) -> list[HttpReply | Failure]:
    async def run() -> list[HttpReply | Failure]:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with GatewayClient(f"http://127.0.0.1:{port}", timeout) as client:
            if at_once:
                found = list(await asyncio.gather(*(client.recommend({"user_id": "1"}) for _ in range(times))))
            else:
                found = [await client.recommend({"user_id": "1"}) for _ in range(times)]
        server.close()
        return found

    return asyncio.run(run())


def test_one_connection_serves_requests_that_follow_each_other() -> None:
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        try:
            while True:
                assert (await read_request(reader)).endswith(b'{"user_id":"1"}')
                writer.write(answered("200 OK", b'{"items":[]}'))
        except asyncio.IncompleteReadError:
            writer.close()

    assert ask(handler, times=5) == [HttpReply({"items": []})] * 5
    assert len(connections) == 1
    ask(handler, times=3, at_once=True)
    assert len(connections) == 4


def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answered("200 OK", b"{}"))
        writer.close()

    assert ask(handler, times=3) == [HttpReply({})] * 3


def test_an_answer_in_chunks_is_read() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b'transfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n')
        await read_request(reader)
        writer.write(answered("200 OK", b'{"b":2}'))
        writer.close()

    assert ask(handler, times=2) == [HttpReply({"a": 1}), HttpReply({"b": 2})]


def test_failures_are_named_by_kind() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answered("503 Unavailable", b'{"error":{"code":"store_unavailable"}}'))
        writer.close()

    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def sleeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answered("200 OK", b"<html>"))
        writer.close()

    assert ask(refuses) == [Failure("503 store_unavailable")]
    assert ask(closes)[0].kind.startswith("connection: ")
    assert ask(sleeps, timeout=0.2) == [Failure("timeout")]
    assert ask(babbles) == [Failure("200 no JSON")]
