"""Hand-written fakes of the slots, the router, the aliases and the traffic, around the real store on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.config.promotion import Canary
from components.rollout.bring_up import Limits
from components.rollout.canary_judge import Arm
from components.rollout.ledger import Command
from components.rollout.ports import Counts, EmptyAnswer, StepFailed, World
from components.rollout.promote import Making
from components.rollout.release import Release, Variant
from components.rollout.release_gate import ReleaseCheck
from components.rollout.routing import RoutingState, Slot
from components.rollout.states import State

T = TypeVar("T")
LIMITS = Limits(lease=10.0, ready=1.0, smoke=1.0)
CANARY = Canary(
    steps=[5, 25, 100],
    seconds_per_step=1.0,
    looks_per_step=4,
    min_requests=100,
    on_low_traffic="proceed",
    max_hold_seconds=60.0,
    alpha=0.02,
    max_error_increase=0.002,
    max_empty_increase=0.001,
    max_p95_ratio=1.5,
    p95_floor_ms=20.0,
    max_click_drop=0.05,
)
PASSED = (ReleaseCheck("files", True, "every file is as it was built"),)


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

    def gives_items(self, slot: Slot, question: dict[str, Any], timeout: float) -> bool:
        return slot in self.running

    def _step(self, step: str) -> None:
        self.before(step)
        if self.fail_at == step:
            self.fail_at = None
            raise StepFailed(f"{step} was told to fail")


class FakeRouter:
    """Keeps every state it was told to follow."""

    def __init__(self) -> None:
        self.followed: list[RoutingState] = []
        self.requests: dict[Slot, Counts] | None = None

    def project(self, read: Callable[[], RoutingState]) -> None:
        self.followed.append(read())

    def wait_healthy(self, slot: Slot, timeout: float) -> bool:
        return True

    def wait_applied(self, version: int, timeout: float) -> bool:
        return True

    def wait_drained(self, slot: Slot, timeout: float) -> bool:
        return True

    def counts(self) -> dict[Slot, Counts] | None:
        return self.requests


class FakeTraffic:
    """Each release has the arm that a test gives it, spread over the time since the step began; nobody asks others.

    `empty` are the answers without items.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.arms: dict[str, Arm] = {}
        self.empty: list[EmptyAnswer] = []
        self.before: Callable[[str], None] = lambda _release_id: None

    def answered(self, release_id: str, since: float, counts: Counts) -> Arm:
        self.before(release_id)
        arm = self.arms.get(release_id, make_arm(0))
        at = np.linspace(since, self._clock.now, len(arm.users))
        return replace(arm, at=at, asked=arm.asked + counts.asked, failed=arm.failed + counts.failed)

    def empty_answers(self, release_id: str, since: float, limit: int) -> list[EmptyAnswer]:
        return self.empty[:limit]


def make_arm(n_answers: int, **changes: Any) -> Arm:
    """One answer for each of `n_answers` users, in 10 ms, within a second; every fifth is clicked."""
    arm = Arm(
        users=np.arange(n_answers),
        at=np.linspace(0, 1, n_answers),
        milliseconds=np.full(n_answers, 10.0),
        empty=np.zeros(n_answers, bool),
        clicked=np.arange(n_answers) % 5 == 0,
        asked=n_answers,
        failed=0,
    )
    return replace(arm, **changes)


class FakeAliases:
    """Names of versions, and tags by version and key; `away` makes it refuse."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.tags: dict[tuple[int, str], str] = {}
        self.away = False

    def point(self, alias: str, model_version: int, prompt_version: int | None) -> None:
        if self.away:
            raise StepFailed("MLflow is away")
        self.names[alias] = model_version

    def note(self, model_version: int, key: str, value: str) -> None:
        if self.away:
            raise StepFailed("MLflow is away")
        self.tags[model_version, key] = value


class FakeWorld:
    """The real store, everything else fake, and a build that makes releases of growing model versions."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'events.db'}"
        migrate(self.url)
        self.clock = FakeClock()
        self.store = SqlReleaseStore(open_engine(self.url), self.clock)
        self.slots, self.router, self.aliases = FakeSlots(), FakeRouter(), FakeAliases()
        self.traffic = FakeTraffic(self.clock)
        self.world = World(self.store, self.slots, self.router, self.aliases, self.traffic)
        self.built: list[str] = []
        self.making = Making(self.build, lambda _release: PASSED)

    def state_of(self, release_id: str) -> State:
        """Where the release stands."""
        return self.store.load(release_id).state_of(release_id)

    def ask(self, command: Command[T]) -> T:
        """What comes of the command, kept by the store."""
        return self.store.commit(command)

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
