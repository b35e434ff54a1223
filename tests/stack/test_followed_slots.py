"""Slots that follow the store, two replicas each, as in containers: processes with folders of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from components.rollout.outcomes import RolledBack
from components.rollout.rollback import Cause, roll_back
from components.rollout.routing import SLOTS
from jobs.stack.environment import stack_environment
from jobs.stack.programs import programs
from jobs.stack.take_down import processes_of, stop_stack
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports
from tests.stack.small_stack import LIMITS, SmallStack

pytestmark = pytest.mark.slow


class FollowedStack(SmallStack):
    """Envoy under supervisor; the replicas are started as a container engine would start them."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        replicas = free_ports(4)
        self.replicas = {"blue": replicas[:2], "green": replicas[2:]}
        endpoints = {
            f"{slot}_endpoints": ",".join(f"127.0.0.1:{port}" for port in self.replicas[slot]) for slot in SLOTS
        }
        self.settings = self.settings.model_copy(update={"processes": "containers", **endpoints})
        self.bench = Workbench(self.settings)
        self.world = self.bench.world
        self.followers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.bench.envoy.write_bootstrap()
        self.world.router.project(self.world.store.routing)
        envoy = [each for each in programs(self.bench) if each.name == "envoy"]
        self.supervisor.start(envoy, stack_environment(self.settings))
        (self.settings.root / "bentoml").mkdir(exist_ok=True)
        for slot in SLOTS:
            for port in self.replicas[slot]:
                self._follow(slot, port)

    def _follow(self, slot: str, port: int) -> None:
        home = self.settings.root / "replicas" / str(port)
        home.mkdir(parents=True)
        (home / "bentoml").symlink_to(self.settings.root / "bentoml")
        own = {
            "RECOPS_HOME": str(home),
            "RECOPS_PROJECT": str(self.settings.project),
            "RECOPS_EVENT_STORE_URL": self.settings.store_url,
            f"RECOPS_{slot.upper()}_PORT": str(port),
        }
        with (home / "log").open("wb") as log:
            follower = subprocess.Popen(
                [sys.executable, "-m", "bentos.follow_slot", slot],
                cwd=self.settings.project,
                env={**os.environ, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.followers.append(follower)

    def stop(self) -> None:
        for follower in self.followers:
            follower.terminate()
        for follower in self.followers:
            follower.wait(60)
        stop_stack(self.bench)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[FollowedStack]:
    stack = FollowedStack(tmp_path)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        assert processes_of(stack.settings) == []


def answering(port: int) -> str | None:
    """The release that a replica runs."""
    try:
        reply = httpx.get(f"http://127.0.0.1:{port}/release", timeout=5.0)
    except httpx.HTTPError:
        return None
    return str(reply.json()["release"])


def test_two_replicas_a_slot_are_promoted_rolled_back_and_end_with_their_followers(followed: FollowedStack) -> None:
    first = followed.promote().release.release_id
    live = followed.live_slot
    assert [answering(port) for port in followed.replicas[live]] == [first, first]

    second = followed.promote().release.release_id
    assert followed.live_slot != live
    assert [answering(port) for port in followed.replicas[followed.live_slot]] == [second, second]
    gateway = followed.settings.gateway_url
    with httpx.Client() as client:
        answers = [client.post(f"{gateway}/recommend", json={"user_id": str(n), "k": 3}).json() for n in range(1, 9)]
    assert {answer["release"] for answer in answers} == {second}

    outcome = roll_back(followed.world, Cause("test", "to try it"), LIMITS, lambda _line: None)
    assert isinstance(outcome, RolledBack), outcome
    assert httpx.get(f"{gateway}/release").json()["release"] == first

    ports = [port for replicas in followed.replicas.values() for port in replicas]
    followed.stop()
    assert [answering(port) for port in ports] == [None] * 4
