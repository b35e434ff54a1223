"""Sends requests at moments that are fixed beforehand, whether the former ones are answered or not, as real clients do.

One thread over plain sockets. Each client has an address of its own under 127.0.0.0/8 and one connection at a time;
what finds it busy waits in line, and its time counts from the moment at which it was due.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

GIVE_UP_SECONDS = 10.0
"""After the last moment: what is not answered by then has failed."""


@dataclass(frozen=True)
class Due:
    """One request: when (seconds from the start), by which client, and its bytes."""

    at: float
    client: int
    wire: bytes


@dataclass
class Outcome:
    """What became of the requests of one kind of client.

    Attributes:
        seconds: from the moment each was due until it was answered with 2xx.
        statuses: how many were answered how; `none` for those without an answer.
        degraded: of the answered, how many were cheap.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    degraded: int = 0


@dataclass
class _Client:
    address: str
    waiting: deque[Due] = field(default_factory=deque)
    connection: socket.socket | None = None
    asked: Due | None = None
    received: bytes = b""


def send_all(port: int, requests: Sequence[Due], addresses: Sequence[str]) -> dict[int, Outcome]:
    """What became of `requests`, which are in the order of their moments, by client; `addresses` is each client's."""
    clients = [_Client(address) for address in addresses]
    outcomes = {number: Outcome() for number in range(len(clients))}
    selector = selectors.DefaultSelector()
    coming = deque(requests)
    start = time.perf_counter()
    last = requests[-1].at + GIVE_UP_SECONDS
    left = len(requests)
    while left and (now := time.perf_counter() - start) < last:
        while coming and coming[0].at <= now:
            due = coming.popleft()
            clients[due.client].waiting.append(due)
            _send_next(clients[due.client], due.client, port, selector)
        until = min(coming[0].at - now, 0.05) if coming else 0.05
        for key, _ in selector.select(max(until, 0.0)):
            number: int = key.data
            if (status := _receive(clients[number], selector)) is not None:
                left -= 1
                _note(outcomes[number], clients[number], status, time.perf_counter() - start)
                _send_next(clients[number], number, port, selector)
    for number, client in enumerate(clients):
        unanswered = len(client.waiting) + (client.asked is not None)
        if unanswered:
            outcomes[number].statuses["none"] += unanswered
        _close(client, selector)
    selector.close()
    return outcomes


def _send_next(client: _Client, number: int, port: int, selector: selectors.BaseSelector) -> None:
    while client.waiting and client.asked is None:
        client.asked = client.waiting.popleft()
        if client.connection is None:
            client.connection = socket.create_connection(("127.0.0.1", port), 5.0, (client.address, 0))
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, data=number)
        client.received = b""
        client.connection.sendall(client.asked.wire)


def _receive(client: _Client, selector: selectors.BaseSelector) -> str | None:
    """The status of a whole answer, `none` where the connection ended before it."""
    assert client.connection is not None
    try:
        content = client.connection.recv(65_536)
    except OSError:
        content = b""
    client.received += content
    head, separator, body = client.received.partition(b"\r\n\r\n")
    if not content:
        _close(client, selector)
        return "none" if client.asked is not None else None
    if not separator:
        return None
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    return head[9:12].decode() if len(body) >= length else None


def _note(outcome: Outcome, client: _Client, status: str, now: float) -> None:
    assert client.asked is not None
    outcome.statuses[status] += 1
    if status.startswith("2"):
        outcome.seconds.append(now - client.asked.at)
        outcome.degraded += b'"degraded":true' in client.received
    client.asked = None


def _close(client: _Client, selector: selectors.BaseSelector) -> None:
    if client.connection is not None:
        selector.unregister(client.connection)
        client.connection.close()
        client.connection = None
