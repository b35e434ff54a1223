"""A small stack whose slots follow the store with several replicas each, as in containers: folders of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.adapters.files.stack_secret import FILE as SECRET
from components.adapters.files.stack_secret import make_secret
from components.adapters.store.engine import migrate
from components.rollout.routing import SLOTS, Slot
from jobs.stack.environment import stack_environment, stack_mark
from jobs.stack.programs import programs
from jobs.stack.take_down import stop_stack
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports
from tests.stack.small_stack import LIMITS, Limits, SmallStack, make_bundle

STOP_SECONDS = 60.0


class FollowedStack(SmallStack):
    """Envoy under supervisor; the replicas are started as a container engine would start them.

    Args:
        more: further settings, such as a database that all of them share.
    """

    def __init__(
        self,
        home: Path,
        replicas: int = 2,
        more: Mapping[str, Any] | None = None,
        make: Callable[[Path], Path] = make_bundle,
        limits: Limits = LIMITS,
    ) -> None:
        super().__init__(home, make=make, limits=limits)
        ports = free_ports(2 * replicas)
        self.replicas: dict[Slot, list[int]] = {"blue": ports[:replicas], "green": ports[replicas:]}
        endpoints = {
            f"{slot}_endpoints": ",".join(f"127.0.0.1:{port}" for port in self.replicas[slot]) for slot in SLOTS
        }
        self.settings = self.settings.model_copy(update={"processes": "containers", **endpoints, **(more or {})})
        migrate(self.settings.store_url)
        self.bench = Workbench(self.settings)
        self.world = self.bench.world
        self.followers: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *also: str) -> None:
        """Envoy, and whatever follows the store for each replica."""
        assert not also, "the programs of supervisor are not for slots in containers"
        beside_others = self.settings.model_copy(update={"processes": "supervisor"})  # not the container's own socket
        Workbench(beside_others).envoy.write_bootstrap()
        self.world.router.project(self.world.store.routing)
        envoy = [each for each in programs(self.bench) if each.name == "envoy"]
        self.supervisor.start(envoy, stack_environment(self.settings))
        (self.settings.root / "bentoml").mkdir(exist_ok=True)
        make_secret(self.settings.root)
        for slot in SLOTS:
            for port in self.replicas[slot]:
                self._follow(slot, port)

    def _follow(self, slot: Slot, port: int) -> None:
        home = self.settings.root / "replicas" / str(port)
        home.mkdir(parents=True)
        for shared in ("bentoml", SECRET):
            (home / shared).symlink_to(self.settings.root / shared)
        cache = self.settings.cache_url
        own = {
            "RECOPS_HOME": str(home),
            "RECOPS_PROJECT": str(self.settings.project),
            "RECOPS_EVENT_STORE_URL": self.settings.store_url,
            "RECOPS_STACK": stack_mark(self.settings),
            f"RECOPS_{slot.upper()}_PORT": str(port),
            "OMP_NUM_THREADS": "1",
            **({} if cache is None else {"RECOPS_CACHE_URL": cache.get_secret_value()}),
        }
        with (home / "log").open("wb") as log:
            self.followers[port] = subprocess.Popen(
                [sys.executable, "-m", "bentos.follow_slot", slot],
                cwd=self.settings.project,
                env={**os.environ, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        for follower in self.followers.values():
            follower.terminate()
        for follower in self.followers.values():
            follower.wait(STOP_SECONDS)
        self.bench.close()
        stop_stack(self.bench)
