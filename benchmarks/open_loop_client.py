"""Sends requests at moments that are fixed beforehand, whether the former ones are answered or not, as real clients do.

One thread over plain sockets. Each client has an address of its own under 127.0.0.0/8 and a few connections; what finds
them busy waits in line, and its time counts from the moment at which it was due. How late the thread itself was is told
too: what a busy machine does to it is no fault of the server.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

GIVE_UP_SECONDS = 10.0
"""After the last moment: what is not answered by then has failed."""
MOST_CONNECTIONS = 6
"""As browsers have."""
CONNECT_SECONDS = 0.5
"""The kernel accepts at once, unless the server's line is full: then the request has failed, and nobody else waits."""


HearsAnswer = Callable[[float, bytes], None]
"""Told seconds since an answered request was due, and the body."""


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
        late: seconds from the moment each was due until this program came to it, whether there was a connection or not.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    degraded: int = 0
    late: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, parts: Iterable[Outcome]) -> Outcome:
        """What became of all of them together."""
        total = cls()
        for each in parts:
            total.seconds += each.seconds
            total.statuses += each.statuses
            total.degraded += each.degraded
            total.late += each.late
        return total


@dataclass
class _Client:
    """Its connections: those that wait for an answer, with what was asked and received, and those that are free."""

    address: str
    most_connections: int
    waiting: deque[Due] = field(default_factory=deque)
    asked: dict[socket.socket, tuple[Due, bytes]] = field(default_factory=dict)
    free: list[socket.socket] = field(default_factory=list)


def send_all(
    port: int,
    requests: Sequence[Due],
    addresses: Sequence[str],
    connections: int = MOST_CONNECTIONS,
    answered: HearsAnswer | None = None,
) -> list[Outcome]:
    """What became of `requests`, which are in the order of their moments, by client; `addresses` is each client's, and
    `connections` how many one may have. `answered` is told of each good answer: seconds since it was due, and its body.
    """
    clients = [_Client(address, connections) for address in addresses]
    outcomes = [Outcome() for _ in clients]
    coming = deque(requests)
    start = time.perf_counter()
    last = requests[-1].at + GIVE_UP_SECONDS
    left = len(requests)
    with selectors.DefaultSelector() as selector:
        while left and (now := time.perf_counter() - start) < last:
            while coming and coming[0].at <= now:
                due = coming.popleft()
                clients[due.client].waiting.append(due)
                outcomes[due.client].late.append(time.perf_counter() - start - due.at)
                left -= _send_waiting(clients[due.client], due.client, port, selector, outcomes[due.client])
            until = min(coming[0].at - now, 0.05) if coming else 0.05
            for key, _ in selector.select(max(until, 0.0)):
                number: int = key.data
                connection: socket.socket = key.fileobj  # type: ignore[assignment]
                left -= _receive(clients[number], connection, selector, outcomes[number], start, answered)
                left -= _send_waiting(clients[number], number, port, selector, outcomes[number])
    for client, outcome in zip(clients, outcomes, strict=True):
        outcome.statuses["none"] += len(client.waiting) + len(client.asked)
        outcome.statuses += Counter()  # without those that are at zero
        for each in (*client.asked, *client.free):
            each.close()
    return outcomes


def _send_waiting(client: _Client, number: int, port: int, selector: selectors.BaseSelector, outcome: Outcome) -> int:
    """How many could not be sent."""
    failed = 0
    while client.waiting and (client.free or len(client.asked) < client.most_connections):
        due = client.waiting.popleft()
        try:
            connection = client.free.pop() if client.free else _connect(client, number, port, selector)
            connection.sendall(due.wire)
            client.asked[connection] = (due, b"")
        except OSError:
            outcome.statuses["none"] += 1
            failed += 1
    return failed


def _connect(client: _Client, number: int, port: int, selector: selectors.BaseSelector) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS, (client.address, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(connection, selectors.EVENT_READ, data=number)
    return connection


def _receive(
    client: _Client,
    connection: socket.socket,
    selector: selectors.BaseSelector,
    outcome: Outcome,
    start: float,
    answered: HearsAnswer | None,
) -> int:
    """How many requests have ended by what came: one, or none yet."""
    try:
        content = connection.recv(65_536)
    except OSError:
        content = b""
    due, received = client.asked.get(connection, (None, b""))
    if not content:
        _close(client, connection, selector)
        outcome.statuses["none"] += due is not None
        return int(due is not None)
    if due is None:
        return 0
    received += content
    head, separator, body = received.partition(b"\r\n\r\n")
    fields = head.lower()
    length = int(fields.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    if not separator or len(body) < length:
        client.asked[connection] = (due, received)
        return 0
    if b"\r\nconnection: close" in fields:
        _close(client, connection, selector)
    else:
        del client.asked[connection]
        client.free.append(connection)
    status = head[9:12].decode()
    outcome.statuses[status] += 1
    if status.startswith("2"):
        outcome.seconds.append(time.perf_counter() - start - due.at)
        outcome.degraded += b'"degraded":true' in body
        if answered is not None:
            answered(outcome.seconds[-1], body)
    return 1


def _close(client: _Client, connection: socket.socket, selector: selectors.BaseSelector) -> None:
    selector.unregister(connection)
    connection.close()
    client.asked.pop(connection, None)
    if connection in client.free:
        client.free.remove(connection)
