"""A page of another origin, in a real browser, can neither run flows nor end the gateway; nor can DNS rebinding."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.stack.environment import stack_environment
from jobs.stack.gateway import mend_gateway
from jobs.stack.programs import EVIDENTLY, programs
from tests.free_ports import free_ports
from tests.stack.small_stack import SmallStack

CHROMIUM = shutil.which("chromium")
PAGE = """<title>harmless</title><script>
const body = '{"name": "owned", "type": "process"}';
const pool = {method: "POST", headers: {"content-type": "application/json"}, body};
const blind = {method: "POST", mode: "no-cors", body};
const socket = url => new Promise((yes, no) => {
  const s = new WebSocket(url); s.onopen = () => yes({status: "open"}); s.onerror = () => no("closed");
});
const tries = {
  prefect: () => fetch("http://127.0.0.1:PREFECT/api/work_pools/", pool),
  prefect_blind: () => fetch("http://127.0.0.1:PREFECT/api/work_pools/", blind),
  prefect_socket: () => socket("ws://127.0.0.1:PREFECT/api/events/in"),
  drain: () => fetch("http://127.0.0.1:ADMIN/drain_listeners", {method: "POST", mode: "no-cors"}),
  quit: () => fetch("http://127.0.0.1:ADMIN/quitquitquit", {method: "POST", mode: "no-cors"}),
  read: () => fetch("http://127.0.0.1:ADMIN/config_dump"),
  feedback: () => fetch("http://127.0.0.1:GATEWAY/feedback", blind),
  evidently: () => fetch("http://127.0.0.1:EVIDENTLY/api/projects", {headers: {"x-a": "b"}}),
  control: () => fetch("http://127.0.0.1:CONTROL/anything", blind),
};
(async () => {
  const out = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try { out[name] = (await attempt()).status; } catch (error) { out[name] = "refused"; }
  }
  await fetch("/result", {method: "POST", body: JSON.stringify(out)});
})();
</script>"""


class Site(BaseHTTPRequestHandler):
    """The page at GET, and a record of every POST."""

    page = b""
    posted: dict[str, bytes]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def do_POST(self) -> None:
        self.posted[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """Envoy, Prefect and Evidently as `recops up` starts them."""
    stack = SmallStack(tmp_path_factory.mktemp("doors"))
    (evidently,) = free_ports(1)
    stack.settings = stack.settings.model_copy(update={"evidently_port": evidently})
    stack.bench.settings = stack.settings
    stack.bench.envoy.write_bootstrap()
    stack.world.router.project(stack.world.store.routing)
    (stack.settings.root / "monitoring").mkdir(exist_ok=True)
    wanted = [each for each in programs(stack.bench) if each.name in ("envoy", "prefect-server", "mlflow", EVIDENTLY)]
    stack.supervisor.start(wanted, stack_environment(stack.settings))
    stack.supervisor.start_program(EVIDENTLY)
    try:
        _until(stack.bench.prefect.is_healthy)
        _until(stack.bench.envoy.answers)
        _until(lambda: _status(evidently, "/api/projects") == 200)
        _until(lambda: _status(stack.settings.mlflow_port, "/health") == 200)
        yield stack
    finally:
        stack.supervisor.shut_down()
        stack.bench.prefect.close()
        stack.bench.close()


def _until(fact: Any, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)


def _status(port: int, path: str, method: str = "GET", **headers: str) -> int:
    try:
        return httpx.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, timeout=10).status_code
    except httpx.HTTPError:
        return 0


@pytest.mark.stack
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: chromium)")
def test_a_page_on_another_port_does_nothing_to_the_stack(stack: SmallStack, tmp_path: Path) -> None:
    settings = stack.settings
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.posted = {}
    ports = {"PREFECT": settings.prefect_port, "ADMIN": settings.envoy_admin_port, "GATEWAY": settings.gateway_port}
    ports |= {"EVIDENTLY": settings.evidently_port, "CONTROL": server.server_address[1]}
    page = PAGE
    for name, port in ports.items():
        page = page.replace(f":{name}/", f":{port}/")
    Site.page = page.encode()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *(f"--user-data-dir={tmp_path / 'chromium'}", f"http://localhost:{server.server_address[1]}/"),
    ]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: "/result" in Site.posted)
    finally:
        browser.terminate()
        browser.wait(20)
        server.shutdown()
        server.server_close()
        thread.join()
    out = json.loads(Site.posted["/result"])
    assert "/anything" in Site.posted, "the browser attacked nobody"
    assert {name: out[name] for name in ("prefect", "prefect_socket", "read", "evidently")} == dict.fromkeys(
        ("prefect", "prefect_socket", "read", "evidently"), "refused"
    )
    pools = httpx.post(f"{settings.prefect_api_url}/work_pools/filter", json={}).json()
    assert "owned" not in [pool["name"] for pool in pools]
    assert stack.bench.envoy.answers()


@pytest.mark.stack
def test_a_name_that_turns_to_this_machine_is_refused(stack: SmallStack) -> None:
    settings = stack.settings
    pages = {
        settings.prefect_port: "/api/health",
        settings.envoy_admin_port: "/config_dump",
        settings.evidently_port: "/api/projects",
        settings.mlflow_port: "/api/2.0/mlflow/experiments/search?max_results=1",
    }
    for port, path in pages.items():
        assert _status(port, path) == 200
        assert _status(port, path, Host=f"evil.example:{port}") == 403
    foreign = {"Origin": "http://evil.example", "content-type": "application/json"}
    assert _status(settings.mlflow_port, "/api/2.0/mlflow/experiments/create", "POST", **foreign) == 403


@pytest.mark.stack
def test_a_gateway_that_was_drained_is_noticed_and_started_again(stack: SmallStack) -> None:
    transport = httpx.HTTPTransport(uds=str(stack.settings.runtime_folder / "envoy.sock"))
    with httpx.Client(transport=transport) as admin:
        assert admin.post("http://admin/drain_listeners").status_code == 200
    _until(lambda: not stack.bench.envoy.answers())
    said: list[str] = []
    mend_gateway(stack.bench, said.append)
    assert said == ["the gateway runs and does not answer: starting it again"]
    assert stack.bench.envoy.answers()
    mend_gateway(stack.bench, said.append)
    assert len(said) == 1
