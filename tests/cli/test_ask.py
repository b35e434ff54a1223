"""`recops ask` sends the text to the gateway and shows what came back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from cli.ask import ask
from tests.free_ports import free_ports

ANSWER: dict[str, Any] = {
    "items": [{"rank": 1, "item_id": "1", "title": "Heat (1995)", "explanation": "Crime", "fields": {"runtime": 170}}],
    "understood": [{"words": "Crime", "loosened": False}, {"words": "runtime below 90", "loosened": True}],
    "ignored": ["zxqv"],
}


class Gateway(BaseHTTPRequestHandler):
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append({"path": self.path, **body})
        refused = body["query"] == "refuse"
        content = json.dumps({"error": {"message": "no such thing"}} if refused else ANSWER).encode()
        self.send_response(422 if refused else 200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    Gateway.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_json_is_the_answer_itself(gateway: str) -> None:
    result = CliRunner().invoke(ask, ["crime", "--json", "--url", gateway])
    assert (result.exit_code, json.loads(result.stdout)) == (0, ANSWER)
    assert Gateway.asked == [{"path": "/search", "query": "crime", "k": 10}]


def test_without_json_it_says_what_was_understood_given_up_and_ignored(gateway: str) -> None:
    shown = CliRunner().invoke(ask, ["crime", "--url", gateway]).stdout
    assert "Understood: Crime; runtime below 90 (given up)" in shown
    assert "Ignored: zxqv" in shown
    assert "Heat (1995)" in shown


def test_a_users_taste_counts_and_what_they_know_is_left_out(gateway: str) -> None:
    CliRunner().invoke(ask, ["crime", "--user", "42", "-k", "3", "--url", gateway])
    assert Gateway.asked == [{"path": "/search", "query": "crime", "k": 3, "user_id": "42", "allow_seen": False}]


def test_a_refusal_and_a_silent_gateway_are_one_line(gateway: str) -> None:
    refused = CliRunner().invoke(ask, ["refuse", "--url", gateway])
    assert (refused.exit_code, "no such thing" in refused.output) == (1, True)
    silent = CliRunner().invoke(ask, ["crime", "--url", f"http://127.0.0.1:{free_ports(1)[0]}"])
    assert (silent.exit_code, "recops up" in silent.output) == (1, True)
