"""A server that speaks the Message Batches API, and the Messages API beside it, from a script; real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.messages_server import Says, message

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]
"""The `result` of a request, from its custom id and its body."""


def succeeds(_custom_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """A good reply."""
    return {"type": "succeeded", "message": message(body, Says())}


def fails(kind: str) -> Answer:
    """`errored` with an internal error, `expired` or `canceled`."""
    error = {"type": "error", "error": {"type": "api_error", "message": "scripted"}, "request_id": None}
    return lambda _custom_id, _body: {"type": kind, **({"error": error} if kind == "errored" else {})}


@dataclass
class BatchesServer:
    """What is running, and what it was asked.

    Attributes:
        polls: how often a batch is asked for before it has ended.
        create: what happens to the next posts of a batch, one entry each, then "ok": "lost" makes it and cuts the
            connection, "broken" cuts the connection, or a status.
    """

    url: str = ""
    answer: Answer = succeeds
    polls: int = 1
    create: list[str | int] = field(default_factory=list)
    batches: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked_for: dict[str, int] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    n_messages: int = 0

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request of every batch, in the order of submission."""
        return [request for batch in self.batches.values() for request in batch]

    def state(self, batch_id: str) -> dict[str, Any]:
        """A batch as the API shows it."""
        ended = self.asked_for[batch_id] >= self.polls
        n = len(self.batches[batch_id])
        counts = {"canceled": 0, "errored": 0, "expired": 0, "processing": 0 if ended else n, "succeeded": n * ended}
        now = datetime.now(UTC).isoformat()
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": now,
            "expires_at": now,
            "ended_at": now if ended else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if ended else None,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: BatchesServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.script.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.path.endswith("/messages"):
            self.script.n_messages += 1
            self._send(200, message(body, Says()))
            return
        what = self.script.create.pop(0) if self.script.create else "ok"
        if isinstance(what, int):
            self._send(what, {"type": "error", "error": {"type": "api_error", "message": "scripted"}})
            return
        batch_id = f"msgbatch_{len(self.script.batches)}"
        if what != "broken":
            self.script.batches[batch_id] = body["requests"]
            self.script.asked_for[batch_id] = 0
        if what == "ok":
            self._send(200, self.script.state(batch_id))
        else:
            self.close_connection = True

    def do_GET(self) -> None:
        script, parts = self.script, self.path.split("?")[0].split("/")
        if parts[-1] == "batches":
            found = [script.state(batch_id) for batch_id in reversed(script.batches)]
            self._send(200, {"data": found, "has_more": False, "first_id": None, "last_id": None})
        elif parts[-1] == "results":
            lines = [
                json.dumps({"custom_id": each["custom_id"], "result": script.answer(each["custom_id"], each["params"])})
                for each in reversed(script.batches[parts[-2]])  # in any order, says the API
            ]
            self._send(200, "\n".join(lines).encode())
        elif parts[-1] in script.batches:
            script.asked_for[parts[-1]] += 1
            self._send(200, script.state(parts[-1]))
        else:
            self._send(404, {"type": "error", "error": {"type": "not_found_error", "message": "no such batch"}})

    def _send(self, status: int, content: dict[str, Any] | bytes) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-jsonl" if isinstance(content, bytes) else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def batches_server() -> Iterator[BatchesServer]:
    """A running server on a free port of loopback."""
    script = BatchesServer()
    handler = type("Handler", (_Handler,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
