"""Laws of a canary, as a real Envoy routes it between two slots that say who they are."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.adapters.envoy.router import EnvoyRouter
from components.rollout.routing import RoutingState, Slot
from tests.free_ports import free_ports

LIVE = RoutingState(
    1, 1, "blue", 100, False, {"blue": "release-1", "green": "release-2"}, {"blue": True, "green": True}
)
USERS = [f"user {number}" for number in range(300)]
THEIR_ADDRESS = {"x-recops-address": "127.0.0.1"}


class Replica(ThreadingHTTPServer):
    """A slot's endpoint: answers with its name and the headers it got; `broken` makes it answer 500."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.name, self.broken = name, False


class Answer(BaseHTTPRequestHandler):
    """Says which replica it is."""

    server: Replica
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # one write for each answer

    def do_GET(self) -> None:
        self._say({})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._say({name: self.headers[name] for name in self.headers if name.startswith("x-recops")})

    def _say(self, headers: dict[str, str]) -> None:
        body = json.dumps({"replica": self.server.name, "headers": headers}).encode()
        self.send_response(500 if self.server.broken and self.command == "POST" else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@dataclass
class Gateway:
    """A running Envoy before two slots, of which green has two replicas."""

    router: EnvoyRouter
    port: int
    replicas: list[Replica]
    state: RoutingState = field(default=LIVE)

    def follow(self, **changes: object) -> None:
        self.state = replace(self.state, version=self.state.version + 1, **changes)  # type: ignore[arg-type]
        self.router.project(lambda: self.state)
        assert self.router.wait_applied(self.state.version, 20)

    def ask(self, body: bytes, headers: dict[str, str] | None = None) -> dict[str, object]:
        url = f"http://127.0.0.1:{self.port}/recommend"
        request = urllib.request.Request(url, body, headers or {}, method="POST")
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310
            return dict(json.loads(reply.read()))

    def slots_of(self, users: list[str]) -> dict[str, str]:
        return {user: str(self.ask(question(user))["replica"]).split(" ")[0] for user in users}


def question(user: str) -> bytes:
    return json.dumps({"k": 5, "user_id": user, "context": {"query": 'a "user_id": "liar"'}}).encode()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    port, admin, *ports = free_ports(5)
    names = ("blue 1", "green 1", "green 2")
    replicas = [Replica(name, number) for name, number in zip(names, ports, strict=True)]
    endpoints: dict[Slot, list[tuple[str, int]]] = {
        "blue": [("127.0.0.1", ports[0])],
        "green": [("127.0.0.1", ports[1]), ("127.0.0.1", ports[2])],
    }
    router = EnvoyRouter(tmp_path_factory.mktemp("envoy"), "127.0.0.1", port, admin, endpoints)
    threads = [threading.Thread(target=replica.serve_forever, daemon=True) for replica in replicas]
    for thread in threads:
        thread.start()
    router.project(lambda: LIVE)
    binary = Path(sys.executable).parent / "envoy"
    command = [str(binary), "-c", str(router.write_bootstrap()), "--disable-hot-restart", "--log-level", "error"]
    process = subprocess.Popen(command)
    try:
        assert router.wait_applied(1, 20)
        assert router.wait_healthy("blue", 20)
        assert router.wait_healthy("green", 20)
        yield Gateway(router, port, replicas)
    finally:
        process.terminate()
        process.wait(20)
        for replica, thread in zip(replicas, threads, strict=True):
            replica.shutdown()
            replica.server_close()
            thread.join()


@pytest.fixture(autouse=True)
def without_a_canary(gateway: Gateway) -> None:
    gateway.follow(canary_weight=0, releases=LIVE.releases)


def test_a_growing_canary_keeps_its_users_and_takes_about_its_share(gateway: Gateway) -> None:
    assert set(gateway.slots_of(USERS[:20]).values()) == {"blue"}
    before: set[str] = set()
    for weight in (5, 25, 60, 100):
        gateway.follow(canary_weight=weight)
        chosen = {user for user, slot in gateway.slots_of(USERS).items() if slot == "green"}
        assert before <= chosen
        assert chosen == {user for user, slot in gateway.slots_of(USERS).items() if slot == "green"}
        spread = 4 * (weight * (100 - weight) * len(USERS)) ** 0.5 / 100
        assert abs(len(chosen) - weight * len(USERS) / 100) <= spread
        before = chosen
    assert before == set(USERS)


def test_another_release_tries_other_users(gateway: Gateway) -> None:
    gateway.follow(canary_weight=25)
    first = {user for user, slot in gateway.slots_of(USERS).items() if slot == "green"}
    gateway.follow(canary_weight=25, releases={"blue": "release-1", "green": "release-3"})
    second = {user for user, slot in gateway.slots_of(USERS).items() if slot == "green"}
    assert len(first & second) < len(first) / 2


def test_only_the_gateway_says_who_is_on_trial_and_who_asks(gateway: Gateway) -> None:
    lies = {
        "x-recops-canary": "release-9",
        "x-recops-user": "liar",
        "x-recops-probe": "control",
        "x-recops-address": "10.0.0.1",
    }
    assert gateway.ask(question("7"), lies)["headers"] == THEIR_ADDRESS
    gateway.follow(canary_weight=50)
    slots = gateway.slots_of(USERS[:40])
    for user, slot in slots.items():
        answer = gateway.ask(question(user), lies)
        assert str(answer["replica"]).split(" ")[0] == slot
        trial = {"x-recops-canary": "release-2"} if slot == "green" else {}
        assert answer["headers"] == THEIR_ADDRESS | trial


@pytest.mark.parametrize(
    "body", [b"", b"not json", b'{"k": 1}', b'{"user_id": 7}', b'{"user_id": ""}', b"x" * 100_000, b'{"user_id": "']
)
def test_any_body_is_passed_on(gateway: Gateway, body: bytes) -> None:
    gateway.follow(canary_weight=50)
    assert gateway.ask(body)["replica"]


def test_both_replicas_of_a_slot_answer_and_one_can_fail(gateway: Gateway) -> None:
    gateway.follow(canary_weight=100)
    seen = {gateway.ask(question(user))["replica"] for user in USERS[:40]}
    assert seen == {"green 1", "green 2"}


def test_answers_and_failures_are_counted_by_the_slot_that_gave_them(gateway: Gateway) -> None:
    gateway.follow(canary_weight=100)
    before = gateway.router.counts()
    gateway.replicas[1].broken = gateway.replicas[2].broken = True
    try:
        for user in USERS[:10]:
            with pytest.raises(urllib.error.HTTPError) as failed:
                gateway.ask(question(user))
            failed.value.close()
    finally:
        gateway.replicas[1].broken = gateway.replicas[2].broken = False
    for user in USERS[:5]:
        gateway.ask(question(user))
    after = gateway.router.counts()
    assert before is not None
    assert after is not None
    assert (after["green"].asked - before["green"].asked, after["green"].failed - before["green"].failed) == (15, 10)
    assert after["blue"] == before["blue"]


def test_a_slot_without_requests_is_drained(gateway: Gateway) -> None:
    assert gateway.router.wait_drained("green", 5)
