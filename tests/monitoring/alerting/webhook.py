"""A webhook receiver, and a mail sink, as real servers on loopback."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self

from tests.free_ports import free_ports


@dataclass
class Webhook:
    """Keeps what it is sent; `answer` is the status it gives, None to hang up before it has taken the message."""

    port: int = field(default_factory=lambda: free_ports(1)[0])
    answer: int | None = 200
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if webhook.answer is None:
                    self.connection.close()
                    return
                if webhook.answer == 200:
                    webhook.received.append((self.headers["Idempotency-Key"], json.loads(body)))
                self.send_response(webhook.answer)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"
