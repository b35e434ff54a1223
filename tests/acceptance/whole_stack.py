"""A whole stack as a user runs it: in a folder of its own, on free ports, driven by the same commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.free_ports import free_ports

PROJECT = Path(__file__).parents[2]
PORTS = ("GATEWAY", "BLUE", "GREEN", "MLFLOW", "PREFECT", "ENVOY_ADMIN", "EVIDENTLY", "LLM", "CONSOLE")


class WholeStack:
    """A stack in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("RECOPS_", "PREFECT_"))},
            **{f"RECOPS_{name}_PORT": str(port) for name, port in self.ports.items()},
            "RECOPS_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.ports['PREFECT']}/api",
            "DO_NOT_TRACK": "1",
        }
        self.environment.pop("MLFLOW_TRACKING_URI", None)

    def recops(self, *arguments: str, check: bool = True) -> str:
        return self._run([str(Path(sys.executable).parent / "recops"), *arguments], check)

    def flow(self, deployment: str, *arguments: str, check: bool = True) -> str:
        prefect = str(Path(sys.executable).parent / "prefect")
        return self._run([prefect, "deployment", "run", deployment, *arguments, "--watch"], check)

    def start_flow(self, deployment: str, *arguments: str) -> subprocess.Popen[str]:
        prefect = str(Path(sys.executable).parent / "prefect")
        command = [prefect, "deployment", "run", deployment, *arguments]
        return subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL, text=True)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = read_json(f"http://127.0.0.1:{self.ports['GATEWAY']}{path}", body)
        return answer

    def release(self) -> dict[str, Any]:
        return self.ask("/release")

    def rollouts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.recops("releases", "--json"))["rollouts"]
        return found

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("RECOPS_HOME") == str(self.home) and "pytest" not in " ".join(
                    process.cmdline()
                ):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def _run(self, command: list[str], check: bool) -> str:
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, timeout=900)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout if "--json" in command else done.stdout + done.stderr


def read_json(url: str, body: dict[str, Any] | None = None) -> Any:
    """What a server of the stack answers, to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310 - our own server
        return json.load(reply)


def wait_until(fact: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)


def other_model(stack: WholeStack) -> list[str]:
    return ["--param", f"model_version={3 - stack.release()['model_version']}"]
