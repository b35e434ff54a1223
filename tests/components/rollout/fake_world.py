"""Hand-written fakes of the slots, the router and the aliases, around the real store on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.adapters.event_store.engine import migrate, open_engine
from components.adapters.event_store.releases import SqlReleaseStore
from components.rollout.ports import StepFailed, World
from components.rollout.promote import Limits
from components.rollout.release import Release, Variant
from components.rollout.routing import RoutingState, Slot

LIMITS = Limits(lease=10.0, ready=1.0, smoke=1.0)


class FakeClock:
    """Seconds that only move when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeSlots:
    """Remembers what runs; `fail_at` names the step that fails, `before` is called ahead of each step."""

    def __init__(self) -> None:
        self.running: dict[Slot, str] = {}
        self.fail_at: str | None = None
        self.before: Callable[[str], None] = lambda _step: None

    def run(self, slot: Slot, release: Release, fence: Callable[[], None]) -> None:
        if self.running.get(slot) == release.release_id:
            return
        self._step("run")
        fence()
        self.running[slot] = release.release_id

    def stop(self, slot: Slot, fence: Callable[[], None]) -> None:
        fence()
        self.running.pop(slot, None)

    def wait_ready(self, slot: Slot, release_id: str, timeout: float) -> None:
        self._step("wait_ready")
        if self.running.get(slot) != release_id:
            raise StepFailed(f"{slot} does not run {release_id}")

    def smoke_test(self, slot: Slot, timeout: float) -> dict[str, Any]:
        self._step("smoke_test")
        return {"questions": 1}

    def _step(self, step: str) -> None:
        self.before(step)
        if self.fail_at == step:
            self.fail_at = None
            raise StepFailed(f"{step} was told to fail")


class FakeRouter:
    """Keeps every state it was told to follow."""

    def __init__(self) -> None:
        self.followed: list[RoutingState] = []

    def project(self, read: Callable[[], RoutingState]) -> None:
        self.followed.append(read())

    def wait_healthy(self, slot: Slot, timeout: float) -> bool:
        return True


class FakeAliases:
    """Names of versions; `away` makes it refuse."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.away = False

    def point(self, alias: str, model_version: int) -> None:
        if self.away:
            raise StepFailed("MLflow is away")
        self.names[alias] = model_version


class FakeWorld:
    """The real store, everything else fake, and a build that makes releases of growing model versions."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'events.db'}"
        migrate(url)
        self.clock = FakeClock()
        self.store = SqlReleaseStore(open_engine(url), self.clock)
        self.slots, self.router, self.aliases = FakeSlots(), FakeRouter(), FakeAliases()
        self.world = World(self.store, self.slots, self.router, self.aliases)
        self.built: list[str] = []

    def build(self, release_id: str, parent_id: str | None) -> Release:
        self.built.append(release_id)
        return make_release(release_id, parent_id, model_version=len(self.built))


def make_release(release_id: str, parent_id: str | None = None, model_version: int = 1) -> Release:
    """A release with the given ids, otherwise always the same."""
    return Release(
        release_id=release_id,
        created_at=1_000.0,
        created_by="test",
        parent_id=parent_id,
        bento_tag=f"recops:{release_id}",
        variants=(Variant("default", model_version, {"routing": {"cold_start_threshold": 5, "candidates": 200}}),),
        git_commit="0" * 40,
        git_dirty=False,
        lock_hash="lock",
        params_digest="params",
        summary={"data_version": "data-v1"},
    )
