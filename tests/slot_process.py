"""Starts a slot of a small release as real processes, as supervisor would, and kills parts of it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bentos.build import BuiltBento, build_bento
from bentos.slot import leftovers
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.rollout.release import Release, Variant
from tests.worlds import make_bundle

START_SECONDS = 60.0
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)


def make_release(release_id: str = "release-1", model_version: int = 1) -> Release:
    """A release with nothing special about it."""
    return Release(
        release_id=release_id,
        created_at=1.0,
        created_by="test",
        parent_id=None,
        bento_tag=f"recops:{release_id}",
        variants=(Variant("default", model_version, {"routing": ROUTING.model_dump()}),),
        git_commit="0" * 40,
        git_dirty=False,
        lock_hash="1" * 64,
        params_digest="2" * 64,
        summary={"data_version": "data-v1"},
    )


def build_small_release(home: Path, port: int) -> tuple[Settings, BuiltBento]:
    """`build_release_of` the bundle of `make_bundle`."""
    return build_release_of(home, port, make_bundle(home / "bundle"))


def build_release_of(home: Path, port: int, bundle: Path) -> tuple[Settings, BuiltBento]:
    """Settings with slot blue on `port`, and the Bento of `make_release` assigned to it; the event store is ready."""
    settings = Settings(home=home, blue_port=port)
    bento = build_bento(settings, {1: bundle}, make_release())
    migrate(settings.store_url)
    (settings.root / "slots").mkdir()
    assignment = {"release_id": "release-1", "bento_path": str(bento.path)}
    (settings.root / "slots" / "blue.json").write_text(json.dumps(assignment))
    return settings, bento


@dataclass
class SlotProcess:
    """Slot blue; `start` may be called again after a kill."""

    settings: Settings
    launchers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def launch(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the launcher; do not wait."""
        settings = self.settings
        ours = {"RECOPS_HOME": str(settings.root), "RECOPS_SLOT": "blue", "RECOPS_BLUE_PORT": str(settings.blue_port)}
        with (settings.root / "blue.log").open("ab") as log:
            launcher = subprocess.Popen(
                [sys.executable, "-m", "bentos.slot", "blue"],
                cwd=settings.project,
                env={**os.environ, **ours, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.launchers.append(launcher)
        return launcher

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the launcher and wait until it answers and whatever came before it is gone."""
        launcher = self.launch(**environment)
        deadline = time.monotonic() + START_SECONDS
        while self.ask("/release") is None or not self._is_alone(launcher.pid):
            log = self.settings.root / "blue.log"
            assert launcher.poll() is None, f"the slot ended: {log.read_text()}"
            assert time.monotonic() < deadline, f"the slot does not answer: {log.read_text()}"
            time.sleep(0.05)
        return launcher

    def ask(self, path: str, body: Any = None) -> Any:
        """The JSON answer, or None when there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.blue_port, timeout=10)
        headers = {"content-type": "application/json"}
        try:
            connection.request("GET" if body is None else "POST", path, body and json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def processes(self) -> list[psutil.Process]:
        """All processes of the slot, the parent first."""
        found = leftovers(self.settings.root, "blue")
        return sorted(found, key=lambda process: (process.create_time(), process.pid))

    def family(self, launcher: subprocess.Popen[bytes]) -> dict[str, psutil.Process]:
        """The guard, which the launcher has become, `bentoml serve` below it, and its worker."""
        guard = psutil.Process(launcher.pid)
        (serve,) = guard.children()
        (worker,) = serve.children()
        return {"guard": guard, "serve": serve, "worker": worker}

    def kill_all(self) -> None:
        """SIGKILL for every process of the slot."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for launcher in self.launchers:
            launcher.wait(10)

    def stop(self) -> None:
        """SIGTERM, as supervisor does, and SIGKILL for what is left."""
        for launcher in self.launchers:
            if launcher.poll() is None:
                launcher.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    launcher.wait(20)
        self.kill_all()

    def _is_alone(self, pid: int) -> bool:
        family = {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
        return {process.pid for process in self.processes()} <= family
