"""What Prefect hands out in pages is read to the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from components.adapters.prefect_api import PrefectApi

PAGE = 200  # what Prefect hands out at most
N = 2 * PAGE + 7


class FakePrefect:
    """Answers the filters of Prefect's API from lists, `PAGE` rows at a time, as Prefect does."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.comes_in_between: dict[str, list[dict[str, Any]]] = {}
        """Rows that are there, in front, once the first page has been handed out."""
        self.silent = 0
        """So many questions after a run's state get no answer."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                rows = owner.rows.get(self.path.removeprefix("/api"), [])
                page = rows[body.get("offset", 0) :][: min(body.get("limit", PAGE), PAGE)]
                rows[:0] = owner.comes_in_between.pop(self.path.removeprefix("/api"), [])
                self.answer(page)

            def do_GET(self) -> None:
                if owner.silent:
                    owner.silent -= 1
                    self.close_connection = True
                    return
                self.answer({"state": {"type": "COMPLETED", "name": "Completed", "message": ""}})

            def answer(self, content: Any) -> None:
                sent = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"


@pytest.fixture
def prefect() -> Iterator[FakePrefect]:
    fake = FakePrefect()
    thread = threading.Thread(target=fake.server.serve_forever)
    thread.start()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()
    thread.join()


@pytest.fixture
def api(prefect: FakePrefect) -> Iterator[PrefectApi]:
    api = PrefectApi(prefect.url)
    yield api
    api.close()


def run(n: int) -> dict[str, Any]:
    return {"id": f"run-{n}", "flow_id": f"flow-{n % 2}", "state_type": "COMPLETED" if n % 3 else "FAILED"}


def test_every_run_is_counted_once(prefect: FakePrefect, api: PrefectApi) -> None:
    prefect.rows["/flows/filter"] = [{"id": "flow-0", "name": "monitor"}, {"id": "flow-1", "name": "retrain"}]
    prefect.rows["/flow_runs/filter"] = [run(n) for n in range(N)]
    prefect.comes_in_between["/flow_runs/filter"] = [run(N), run(N + 1)]
    counts = api.run_counts("2026-01-01T00:00:00Z")
    expected: dict[tuple[str, str], int] = {}
    for n in range(N):
        key = ("retrain" if n % 2 else "monitor", "completed" if n % 3 else "failed")
        expected[key] = expected.get(key, 0) + 1
    assert counts == expected


def test_every_deployment_is_named(prefect: FakePrefect, api: PrefectApi) -> None:
    prefect.rows["/flows/filter"] = [{"id": f"flow-{n}", "name": f"flow{n}"} for n in range(N)]
    prefect.rows["/deployments/filter"] = [{"id": str(n), "flow_id": f"flow-{n}", "name": "default"} for n in range(N)]
    assert api.deployments() == {f"flow{n}/default" for n in range(N)}


def test_every_line_of_a_run_that_is_over_is_handed_on(prefect: FakePrefect, api: PrefectApi) -> None:
    line = {"name": "prefect.flow_runs", "level": 20}
    prefect.rows["/logs/filter"] = [{**line, "id": str(n), "message": f"line {n}"} for n in range(N)]
    said: list[str] = []
    api.wait("run", 1.0, said.append)
    assert said == [f"line {n}" for n in range(N)]


def test_a_run_is_watched_on_when_a_question_gets_no_answer(prefect: FakePrefect) -> None:
    prefect.silent = 2
    api = PrefectApi(prefect.url)
    assert api.wait("run", 30.0, lambda _line: None)["type"] == "COMPLETED"
    assert prefect.silent == 0
    api.close()
