"""A bounded load on the gateway: half of the clients keep their connection, half open a new one for each request."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class LoadResult:
    """How many requests were answered well, by which release, and what went wrong with the others."""

    answered: int = 0
    releases: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


async def run_load(
    port: int,
    requests: int | None,
    user_ids: Sequence[str],
    clients: int = 8,
    stop: asyncio.Event | None = None,
    max_requests: int = 100_000,
) -> LoadResult:
    """Ask for recommendations until `requests` are made, or until `stop` is set (then at most `max_requests`)."""
    result = LoadResult()
    left = itertools.count()
    limit = max_requests if requests is None else requests

    async def client(number: int) -> None:
        keep = number % 2 == 0
        users = itertools.cycle(user_ids[number % len(user_ids) :] or user_ids)
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while next(left) < limit and not (stop is not None and stop.is_set()):
            try:
                if connection is None:
                    connection = await asyncio.open_connection("127.0.0.1", port)
                release = await asyncio.wait_for(ask(*connection, next(users), keep), 20)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                result.failures.append(f"{type(error).__name__}: {error}")
                release = None
                await asyncio.sleep(0.01)
            if release is not None:
                result.answered += 1
                result.releases[release] += 1
            if connection is not None and (release is None or not keep):
                connection[1].close()
                connection = None
        if connection is not None:
            connection[1].close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return result


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user_id: str, keep: bool) -> str:
    """The release that answered; a ValueError when the answer is not a full list."""
    body = json.dumps({"user_id": user_id, "k": 5, "explain": False}).encode()
    head = (
        "POST /recommend HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
        f"connection: {'keep-alive' if keep else 'close'}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    header = (await reader.readuntil(b"\r\n\r\n")).decode()
    status = int(header.split(" ", 2)[1])
    fields = dict(line.lower().split(": ", 1) for line in header.split("\r\n")[1:] if ": " in line)
    answer = await reader.readexactly(int(fields["content-length"]))
    if status != 200:
        raise ValueError(f"{status} {answer[:200]!r}")
    parsed = json.loads(answer)
    if len(parsed["items"]) != 5:
        raise ValueError(f"{len(parsed['items'])} items")
    return str(parsed["release"])
