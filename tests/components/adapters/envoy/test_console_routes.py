"""A real Envoy leads the bare address to the console, hands it what is below /console, and leaves the slots theirs."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.adapters.envoy.console_routes import console_cluster
from components.adapters.envoy.router import EnvoyRouter
from components.adapters.envoy.routes import route_file_of
from components.rollout.routing import RoutingState
from tests.components.adapters.envoy.test_router import EMPTY, LIVE
from tests.free_ports import free_ports


class Echo(BaseHTTPRequestHandler):
    """Says which server it is, for which host and path it was asked."""

    def do_GET(self) -> None:
        said = f"{self.server.server_address[1]} {self.headers['host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture(params=[EMPTY, LIVE], ids=["nothing live", "live"])
def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, int, int, RoutingState]]:
    """Envoy's port, those of the blue slot and of the console, which echo, and what is live."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Echo) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    blue, console = (server.server_address[1] for server in servers)
    port, admin, green = free_ports(3)
    endpoints = {"blue": [("127.0.0.1", blue)], "green": [("127.0.0.1", green)]}
    router = EnvoyRouter(tmp_path, "127.0.0.1", port, admin, endpoints, console=("127.0.0.1", console))  # type: ignore[arg-type]
    state: RoutingState = request.param
    router.project(lambda: state)
    binary = Path(sys.executable).parent / "envoy"
    command = [str(binary), "-c", str(router.write_bootstrap()), "--disable-hot-restart", "--log-level", "error"]
    process = subprocess.Popen(command)
    try:
        assert router.wait_applied(state.version, 20)
        assert state is EMPTY or router.wait_healthy("blue", 20)
        yield port, blue, console, state
    finally:
        process.terminate()
        process.wait(20)
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def ask(port: int, method: str, path: str, host: str = "127.0.0.1:8080") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"host": host})
    reply = connection.getresponse()
    said = reply.status, reply.headers.get("location", ""), reply.read().decode()
    connection.close()
    return said


def test_the_console_and_the_slots_each_get_what_is_theirs(gateway: tuple[int, int, int, RoutingState]) -> None:
    port, blue, console, state = gateway
    status, location, _ = ask(port, "GET", "/")
    assert (status, location.endswith(":8080/console")) == (302, True)
    for path in ("/console", "/console/try?user=1", "/console/static/console.css"):
        assert ask(port, "GET", path) == (200, "", f"{console} 127.0.0.1:8080 {path}")
    assert ask(port, "POST", "/console/ask")[2].startswith(str(console))
    assert ask(port, "GET", "/console", "evil.example")[2] == f"{console} evil.example /console"
    for method, path in (("GET", "/consoles"), ("GET", "/release"), ("POST", "/"), ("POST", "/recommend")):
        status, _, said = ask(port, method, path)
        assert (status, said.split(" ")[0]) == ((503, said.split(" ")[0]) if state is EMPTY else (200, str(blue)))


def test_without_a_console_no_route_leads_to_one() -> None:
    routes = route_file_of(LIVE)["resources"][0]["virtual_hosts"][0]["routes"]
    assert "console" not in str(routes)


def test_a_console_in_a_container_is_found_by_its_name() -> None:
    assert console_cluster("console", 8082)["type"] == "STRICT_DNS"
    assert console_cluster("127.0.0.1", 8082)["type"] == "STATIC"
