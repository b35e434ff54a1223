"""A load client that costs little itself: kept connections over plain sockets in one thread."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator, Sequence


def post_bytes(path: str, body: object) -> bytes:
    """The bytes of one HTTP/1.1 POST of a JSON body."""
    text = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n"
    )
    return head.encode() + b"\r\n" + text


def measure(port: int, requests: Sequence[bytes], clients: int, accepted: tuple[bytes, ...] = (b"200",)) -> list[float]:
    """Seconds that each of `requests` took, with `clients` connections that each send as soon as they are answered.

    Raises:
        RuntimeError: the status of an answer is none of `accepted`, or the server closed a connection.
    """
    waiting = iter(requests)
    sent_at: dict[socket.socket, float] = {}
    received: dict[socket.socket, bytes] = {}
    seconds: list[float] = []
    selector = selectors.DefaultSelector()
    connections = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(clients)]
    for each in connections:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(each, selectors.EVENT_READ, data=each)
    try:
        for each in connections:
            _send_next(each, waiting, sent_at, received)
        while sent_at:
            for key, _ in selector.select(timeout=10):
                connection: socket.socket = key.data
                received[connection] += connection.recv(65536)
                if not _is_complete(received[connection], accepted):
                    continue
                seconds.append(time.perf_counter() - sent_at.pop(connection))
                _send_next(connection, waiting, sent_at, received)
    finally:
        selector.close()
        for each in connections:
            each.close()
    return seconds


def _send_next(
    connection: socket.socket,
    waiting: Iterator[bytes],
    sent_at: dict[socket.socket, float],
    received: dict[socket.socket, bytes],
) -> None:
    request = next(waiting, None)
    if request is not None:
        received[connection] = b""
        sent_at[connection] = time.perf_counter()
        connection.sendall(request)


def _is_complete(answer: bytes, accepted: tuple[bytes, ...]) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        if not answer:
            raise RuntimeError("the server closed the connection")
        return False
    if head[9:12] not in accepted:
        raise RuntimeError(f"unexpected answer: {answer[:300]!r}")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
