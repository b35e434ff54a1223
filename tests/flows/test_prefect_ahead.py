"""A command of Prefect that is begun too early waits until the work pool is there, and then runs as it would."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class FakePrefect:
    """Has the pool once it was asked for it `patience` times."""

    def __init__(self, patience: int) -> None:
        self.asked: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.append(self.path)
                self.send_response(200 if len(owner.asked) > patience else 404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"


@pytest.fixture
def prefect() -> Iterator[FakePrefect]:
    fake = FakePrefect(patience=3)
    thread = threading.Thread(target=fake.server.serve_forever)
    thread.start()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()
    thread.join()


def test_the_command_runs_once_the_pool_is_there(prefect: FakePrefect, tmp_path: Path) -> None:
    home = {"RECOPS_HOME": str(tmp_path / "home"), "PREFECT_HOME": str(tmp_path / "prefect")}
    done = subprocess.run(
        [sys.executable, "-m", "flows.prefect_ahead", "hands", "config", "view", "--show-defaults"],
        cwd=ROOT,
        env={**os.environ, **home, "PREFECT_API_URL": prefect.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert prefect.asked[:4] == ["/api/work_pools/hands"] * 4
    assert f"PREFECT_API_URL='{prefect.url}'" in done.stdout
