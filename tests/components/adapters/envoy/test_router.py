"""Laws of the route file, and of a real Envoy that follows it."""

from __future__ import annotations

import http.client
import json
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.adapters.envoy.router import EnvoyRouter
from components.adapters.envoy.routes import route_file_of
from components.rollout.routing import RoutingState
from components.serving.requests import MAX_TIMEOUT_MS
from tests.free_ports import free_ports

EMPTY = RoutingState(0, 1, None, 100, False, {"blue": None, "green": None}, {"blue": False, "green": False})
LIVE = replace(EMPTY, version=2, live_slot="blue", standby_ready=True)


def clusters(state: RoutingState) -> list[dict[str, int]]:
    routes = route_file_of(state)["resources"][0]["virtual_hosts"][0]["routes"]
    return [
        {each["name"]: each["weight"] for each in route["route"]["weighted_clusters"]["clusters"]} for route in routes
    ]


def test_a_ready_standby_is_the_fallback_and_an_untested_slot_is_not() -> None:
    assert clusters(LIVE) == [{"blue_then_green": 100}] * 2
    assert clusters(replace(LIVE, standby_ready=False)) == [{"blue_only": 100}] * 2
    assert (
        clusters(replace(LIVE, live_slot="green", live_weight=95))
        == [{"green_then_blue": 95, "blue_then_green": 5}] * 2
    )


def test_feedback_and_all_else_turn_to_the_other_slot_when_one_dies_over_it() -> None:
    feedback, other = route_file_of(LIVE)["resources"][0]["virtual_hosts"][0]["routes"]
    assert feedback["match"] == {"path": "/feedback"}
    for route in (feedback, other):
        assert "reset" in route["route"]["retry_policy"]["retry_on"]
        assert route["route"]["retry_policy"]["retry_priority"]["name"].endswith("previous_priorities")


def test_the_gateway_waits_as_long_as_a_request_may_allow_a_language_model() -> None:
    _, other = route_file_of(LIVE)["resources"][0]["virtual_hosts"][0]["routes"]
    assert float(other["route"]["timeout"].removesuffix("s")) * 1000 > MAX_TIMEOUT_MS


def test_a_state_that_changes_during_the_write_is_written_in_the_end(tmp_path: Path) -> None:
    router = EnvoyRouter(tmp_path, "127.0.0.1", 1, 2, {"blue": [("127.0.0.1", 3)], "green": [("127.0.0.1", 4)]})
    states = iter([EMPTY, LIVE, LIVE, LIVE])
    router.project(lambda: next(states))
    assert json.loads(router.route_file.read_text())["version_info"] == "2"
    assert [each.name for each in router.route_file.parent.iterdir()] == ["routes.json"]


@pytest.fixture
def envoy(tmp_path: Path) -> Iterator[tuple[EnvoyRouter, int, int]]:
    gateway, admin, blue, green = free_ports(4)
    router = EnvoyRouter(
        tmp_path,
        "127.0.0.1",
        gateway,
        admin,
        {"blue": [("127.0.0.1", blue)], "green": [("127.0.0.1", green)]},
        per_address_minute=30.0,
    )
    router.project(lambda: EMPTY)
    binary = Path(sys.executable).parent / "envoy"
    command = [str(binary), "-c", str(router.write_bootstrap()), "--disable-hot-restart", "--log-level", "error"]
    process = subprocess.Popen(command)
    try:
        assert router.wait_applied(1, 20)
        yield router, gateway, blue
    finally:
        process.terminate()
        process.wait(20)


def test_envoy_says_in_json_what_is_missing(envoy: tuple[EnvoyRouter, int, int]) -> None:
    router, gateway, _ = envoy
    for state, message in ((EMPTY, "nothing is live yet"), (LIVE, "no healthy upstream")):
        router.project(lambda state=state: state)  # type: ignore[misc]
        assert router.wait_applied(state.version, 10)
        deadline = time.monotonic() + 10
        while True:
            with pytest.raises(urllib.error.HTTPError) as failed:
                urllib.request.urlopen(f"http://127.0.0.1:{gateway}/release", timeout=10)
            error = json.loads(failed.value.read())["error"]
            failed.value.close()
            assert failed.value.code == 503
            assert error["code"] == "gateway_error"
            if message in error["message"]:
                break
            assert time.monotonic() < deadline, error


def test_an_address_that_sends_too_much_is_refused_here_and_costs_no_other(envoy: tuple[EnvoyRouter, int, int]) -> None:
    _, gateway, _ = envoy

    def ask(address: str, **headers: str) -> tuple[int, str | None, bytes]:
        client = http.client.HTTPConnection("127.0.0.1", gateway, source_address=(address, 0), timeout=10)
        client.request("GET", "/release", headers=headers)
        reply = client.getresponse()
        told = reply.status, reply.headers["retry-after"], reply.read()
        client.close()
        return told

    flood = [ask("127.0.0.9") for _ in range(30)]
    assert flood[0][0] == 503  # handed on; nothing is live
    refused = [(wait, json.loads(body)["error"]["code"]) for status, wait, body in flood if status == 429]
    assert len(refused) > 15
    assert refused[0] == ("1", "gateway_error")
    for others in ([ask("127.0.0.10")], [ask("127.0.0.1") for _ in range(30)]):
        assert {status for status, _, _ in others} == {503}
    assert ask("127.0.0.9", authorization="Bearer of somebody whom the slots know")[0] == 503


def test_who_is_refused_keeps_the_connection_as_a_new_one_costs_more_than_the_refusal(
    envoy: tuple[EnvoyRouter, int, int],
) -> None:
    _, gateway, _ = envoy
    client = http.client.HTTPConnection("127.0.0.1", gateway, source_address=("127.0.0.11", 0), timeout=10)
    client.connect()
    first, statuses = client.sock, []
    for _ in range(30):
        client.request("POST", "/recommend", b"{}", {"content-type": "application/json"})
        reply = client.getresponse()
        statuses.append(reply.status)
        reply.read()
    assert statuses.count(429) > 15
    assert client.sock is first
    client.close()


def test_a_slot_is_healthy_once_envoy_itself_has_seen_it_answer(envoy: tuple[EnvoyRouter, int, int]) -> None:
    router, _, blue = envoy
    assert not router.wait_healthy("blue", 0.0)
    server = HTTPServer(("127.0.0.1", blue), Ready)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        assert router.wait_healthy("blue", 20)
        assert not router.wait_healthy("green", 0.0)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_admin_pages_are_to_be_read_by_us_and_not_to_be_acted_on(envoy: tuple[EnvoyRouter, int, int]) -> None:
    router, _, _ = envoy
    port = router._admin_port

    def status(method: str, path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, headers=headers)
        found = connection.getresponse().status
        connection.close()
        return found

    assert status("GET", "/stats/prometheus") == 200
    for path in ("/drain_listeners", "/quitquitquit", "/healthcheck/fail", "/stats", "/runtime_modify?a=1"):
        assert status("POST", path) == 403
    assert status("GET", "/drain_listeners") == status("GET", "/") == 403
    assert status("GET", "/config_dump", Host=f"evil.example:{port}") == 403
    assert status("GET", "/config_dump", Origin="http://127.0.0.1:1") == 403
    assert router.answers()
    assert stat.S_IMODE(router._admin_socket.stat().st_mode) == 0o600


def test_bodies_that_come_slowly_reach_no_slot_and_keep_nobody_waiting(envoy: tuple[EnvoyRouter, int, int]) -> None:
    router, gateway, blue = envoy
    Ready.posts = 0
    server = ThreadingHTTPServer(("127.0.0.1", blue), Ready)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    slow = [socket.create_connection(("127.0.0.1", gateway)) for _ in range(60)]
    try:
        router.project(lambda: LIVE)
        assert router.wait_applied(LIVE.version, 10)
        assert router.wait_healthy("blue", 20)
        for each in slow:
            each.sendall(b"POST /recommend HTTP/1.1\r\nhost: a\r\ncontent-length: 900\r\n\r\n{")
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway}/recommend", b"{}", timeout=10) as reply:
            assert reply.status == 200
        assert Ready.posts == 1
    finally:
        for each in slow:
            each.close()
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_slot_is_told_who_asks_whatever_the_client_says(envoy: tuple[EnvoyRouter, int, int]) -> None:
    router, gateway, blue = envoy
    server = HTTPServer(("127.0.0.1", blue), Ready)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        router.project(lambda: LIVE)
        assert router.wait_applied(LIVE.version, 10)
        assert router.wait_healthy("blue", 20)
        connection = http.client.HTTPConnection("127.0.0.1", gateway, timeout=10)
        forged = {"x-recops-address": "192.0.2.1", "x-forwarded-for": "192.0.2.1"}
        connection.request("POST", "/feedback", b"{}", forged)
        connection.getresponse().close()
        connection.close()
        assert Ready.address == ["127.0.0.1"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Ready(BaseHTTPRequestHandler):
    """Answers everything with 200, and counts what is posted."""

    posts = 0
    address: list[str] | None = None

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        type(self).posts += 1
        type(self).address = self.headers.get_all("x-recops-address")
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""
