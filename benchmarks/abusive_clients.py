"""Sends far more than an address may, from a process of its own, so that what it costs to abuse delays nobody else.

`python -m benchmarks.abusive_clients PORT ADDRESS[,ADDRESS] PER_SECOND SECONDS CONNECTIONS` says `ready`, begins at the
next line of its input, and prints what became of the requests of all of them. Each asks for lists of a hundred for
somebody whom nobody knows, at its rate, over so many connections: where all of them wait for an answer, it waits too.
The bytes are made beforehand and little is read of the answers, so that thousands a second take a part of one core.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.keep_alive_client import post_bytes

CONNECT_SECONDS = 0.5
LOOK_SECONDS = 0.002
OPTIONS = (
    # Ports are chosen when connecting and free at once afterwards; else the kernel searches among thousands.
    (socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)
NICE = 10
"""Those whose latency counts go first where both share a core."""


@dataclass(frozen=True)
class Abused:
    """What became of the requests of all of them together.

    Attributes:
        sent: of those that were due; the others found no connection, or the program came too late.
        seconds: what an answer with 2xx took.
        statuses: how many were answered how.
    """

    due: int = 0
    sent: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


class Abuse:
    """The process; `begin` it once everything is ready, then `wait`."""

    def __init__(
        self, port: int, addresses: Sequence[str], per_second: float, seconds: float, connections: int
    ) -> None:
        command = [sys.executable, "-m", "benchmarks.abusive_clients", str(port), ",".join(addresses)]
        command += [str(per_second), str(seconds), str(connections)]
        self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._running.stdout is not None
        self._running.stdout.readline()

    def begin(self) -> None:
        """Sends, from now on."""
        assert self._running.stdin is not None
        self._running.stdin.write("\n")
        self._running.stdin.flush()

    def wait(self) -> Abused:
        """What became of the requests."""
        said = json.loads(self._running.communicate()[0])
        return Abused(said["due"], said["sent"], said["seconds"], Counter(said["statuses"]))


class _Sender:
    """One address: its connections that wait for an answer, with when it was asked for and what has come of it, and
    those that are free."""

    def __init__(self, port: int, address: str, connections: int, poll: select.epoll, outcome: Abused) -> None:
        self._port, self._address, self._poll, self._outcome = port, address, poll, outcome
        self._most = connections
        self._wire = post_bytes("/recommend", {"user_id": f"stranger-{address}", "k": 100})
        self._free: list[socket.socket] = []
        self._asked: dict[int, tuple[socket.socket, float, bytes]] = {}

    def send(self, n: int, now: float) -> int:
        """At most `n` requests, as far as there are connections; how many."""
        for sent in range(n):
            if len(self._asked) >= self._most:
                return sent
            try:
                connection = self._free.pop() if self._free else self._connect()
                connection.send(self._wire)
            except OSError:
                self._outcome.statuses["none"] += 1
            else:
                self._asked[connection.fileno()] = (connection, now, b"")
        return n

    def receive(self, file: int, now: float) -> bool:
        """Whether the file is one of these connections."""
        if file not in self._asked:
            return False
        connection, asked_at, received = self._asked[file]
        try:
            received += (content := connection.recv(65_536))
        except OSError:
            content = b""
        if not content:
            del self._asked[file]
            self._end(connection, "none")
            return True
        head, _, body = received.partition(b"\r\n\r\n")
        if len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 1):
            self._asked[file] = (connection, asked_at, received)
            return True
        del self._asked[file]
        status = head[9:12].decode()
        if status.startswith("2"):
            self._outcome.seconds.append(now - asked_at)
        if b"\r\nconnection: close" in head.lower():
            self._end(connection, status)
        else:
            self._outcome.statuses[status] += 1
            self._free.append(connection)
        return True

    def close(self) -> None:
        """Ends all connections; who waits still gets no answer."""
        for connection, _, _ in self._asked.values():
            self._end(connection, "none")
        for connection in self._free:
            connection.close()

    def _connect(self) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(CONNECT_SECONDS)
        for level, option, value in OPTIONS:
            connection.setsockopt(level, option, value)
        connection.bind((self._address, 0))
        connection.connect(("127.0.0.1", self._port))
        connection.setblocking(False)
        self._poll.register(connection, select.EPOLLIN)
        return connection

    def _end(self, connection: socket.socket, status: str) -> None:
        connection.close()
        self._outcome.statuses[status] += 1


def abuse(
    port: int,
    addresses: Sequence[str],
    per_second: float,
    seconds: float,
    connections: int,
    clock: Callable[[], float],
) -> Abused:
    """Sends what is due, as far as there are connections, and takes what comes."""
    due = int(per_second * seconds)
    outcome = Abused(due * len(addresses))
    with select.epoll() as poll:
        senders = [_Sender(port, address, connections, poll, outcome) for address in addresses]
        left, start = dict.fromkeys(senders, due), clock()
        while (now := clock() - start) < seconds:
            until = due - int(per_second * now)
            for sender in senders:
                left[sender] -= sender.send(left[sender] - until, now)
            for file, _ in poll.poll(LOOK_SECONDS):
                any(sender.receive(file, now) for sender in senders)
        for sender in senders:
            sender.close()
    return replace(outcome, sent=outcome.due - sum(left.values()))


def main(port: int, addresses: Sequence[str], per_second: float, seconds: float, connections: int) -> None:
    """Prints as JSON what became of `per_second` requests from each address for so long."""
    os.nice(NICE)
    print("ready", flush=True)
    sys.stdin.readline()
    found = abuse(port, addresses, per_second, seconds, connections, time.perf_counter)
    values = {"due": found.due, "sent": found.sent, "seconds": found.seconds, "statuses": found.statuses}
    print(json.dumps(values))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].split(","), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
