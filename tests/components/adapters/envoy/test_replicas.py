"""While a slot has a replica that answers, no other release does: a real Envoy over three servers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.adapters.envoy.router import EnvoyRouter
from components.rollout.routing import RoutingState
from tests.free_ports import free_ports

LIVE = RoutingState(0, 1, "blue", 100, True, {"blue": "new", "green": "old"}, {"blue": True, "green": True})


class Replica(ThreadingHTTPServer):
    """Answers with its name; one that drops ends the connection in place of an answer, one that is ill says so."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.name, self.drops, self.ill = name, False, False
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()


class Answer(BaseHTTPRequestHandler):
    server: Replica

    def do_GET(self) -> None:
        self._say(503 if self.server.ill else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if self.server.drops:
            self.close_connection = True
        else:
            self._say(200)

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(self.server.name)))
        self.end_headers()
        self.wfile.write(self.server.name.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[EnvoyRouter, int, list[Replica]]]:
    """Envoy over two replicas of blue, which is live, and one of green."""
    port, admin, *ports = free_ports(5)
    endpoints = {"blue": [("127.0.0.1", ports[0]), ("127.0.0.1", ports[1])], "green": [("127.0.0.1", ports[2])]}
    router = EnvoyRouter(tmp_path, "127.0.0.1", port, admin, endpoints)  # type: ignore[arg-type]
    router.project(lambda: LIVE)
    replicas = [Replica(each, name) for each, name in zip(ports, ("blue 1", "blue 2", "green"), strict=True)]
    command = [str(Path(sys.executable).parent / "envoy"), "-c", str(router.write_bootstrap()), "--disable-hot-restart"]
    process = subprocess.Popen([*command, "--log-level", "error"])
    try:
        assert router.wait_applied(1, 20)
        assert router.wait_healthy("blue", 20)
        assert router.wait_healthy("green", 20)
        yield router, port, replicas
    finally:
        process.terminate()
        process.wait(20)
        for each in replicas:
            each.shutdown()
            each.server_close()
            each.thread.join()


def answered_by(port: int, n: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for _ in range(n):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/recommend", b"{}", timeout=10) as reply:
            found[reply.read().decode()] += 1
    return found


def test_what_a_replica_drops_another_of_the_slot_answers(gateway: tuple[EnvoyRouter, int, list[Replica]]) -> None:
    _, port, replicas = gateway
    assert set(answered_by(port, 20)) == {"blue 1", "blue 2"}
    replicas[0].drops = True
    assert set(answered_by(port, 40)) == {"blue 2"}


def test_the_other_slot_answers_only_once_no_replica_is_well(gateway: tuple[EnvoyRouter, int, list[Replica]]) -> None:
    router, port, replicas = gateway
    replicas[0].ill = True
    _until(lambda: not router.wait_healthy("blue", 0.0))
    assert set(answered_by(port, 60)) == {"blue 2"}
    replicas[1].ill = True
    _until(lambda: set(answered_by(port, 1)) == {"green"})


def _until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
