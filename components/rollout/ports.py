"""What a promotion needs of the world: the store, the slots, the router, the aliases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from components.rollout.canary_judge import Arm
from components.rollout.history import StateChange
from components.rollout.outcomes import (
    CanaryStopped,
    NothingToRollBackTo,
    PromotionCancelled,
    RolledBack,
    StandbyNotReady,
)
from components.rollout.release import Release
from components.rollout.routing import RoutingState, Slot
from components.rollout.states import State

MAINTENANCE = 0
"""The rollout id of a lease that restores what the store says, and promotes nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to change slots, until it ends or another holder raises the epoch."""

    rollout_id: int
    epoch: int


@dataclass(frozen=True)
class LeaseHeld:
    """Another promotion holds the lease: `rollout_id`, started by `by`, until `expires_at` (seconds since 1970)."""

    rollout_id: int
    by: str
    expires_at: float


class LeaseLost(Exception):
    """The epoch has moved on: another promotion or a rollback has taken over, so nothing may be changed any more."""


class StepFailed(Exception):
    """A step of a promotion failed; the message says which and why."""


class ReleaseStore(Protocol):
    """The truth about releases. Every write checks the epoch of its lease in the same transaction."""

    def routing(self) -> RoutingState: ...
    def release(self, release_id: str) -> Release: ...
    def state_of(self, release_id: str) -> State: ...
    def rejected(self) -> list[tuple[Release, str]]: ...
    def states_of(self, release_id: str) -> list[StateChange]: ...
    def lease_ends_at(self) -> float | None: ...
    def acquire(self, kind: str, by: str, lease_seconds: float) -> Lease | LeaseHeld: ...
    def seize(self, kind: str, by: str, reason: str, lease_seconds: float) -> Lease: ...
    def acquire_maintenance(self, lease_seconds: float) -> Lease | LeaseHeld: ...
    def renew(self, lease: Lease, lease_seconds: float) -> None: ...
    def record_step(self, lease: Lease, step: str, check: dict[str, Any] | None = None) -> None: ...
    def add_release(self, lease: Lease, release: Release) -> None: ...
    def take_up(self, lease: Lease, release_id: str) -> Release: ...
    def move(self, lease: Lease, release_id: str, state: State, reason: str | None = None) -> None: ...
    def take_idle_slot(self, lease: Lease, release_id: str) -> Slot: ...
    def set_canary(self, lease: Lease, release_id: str, weight: int) -> None: ...
    def make_live(self, lease: Lease, release_id: str) -> None: ...
    def finish_draining(self) -> None: ...
    def fail(self, lease: Lease, reason: str) -> None: ...
    def reject(self, lease: Lease, reason: str) -> None: ...
    def finish(self, lease: Lease, outcome: str, reason: str | None = None) -> None: ...
    def mark_standby(self, lease: Lease, ready: bool) -> None: ...
    def roll_back(
        self, by: str, reason: str, blamed: str | None = None, reject: bool = False
    ) -> RolledBack | CanaryStopped | StandbyNotReady | PromotionCancelled | NothingToRollBackTo: ...


Fence = Callable[[], None]
"""Raises `LeaseLost` when the caller may change nothing any more; called directly before each change."""


class Slots(Protocol):
    """The two service processes."""

    def run(self, slot: Slot, release: Release, fence: Fence) -> None:
        """Make the slot run this release, restarting it only when it runs another; returns at once."""

    def stop(self, slot: Slot, fence: Fence) -> None:
        """Stop the slot's processes; harmless when none runs."""

    def wait_ready(self, slot: Slot, release_id: str, timeout: float) -> None:
        """Return when the slot answers with this release.

        Raises:
            StepFailed: it did not within `timeout` seconds, or it died; the message holds its last log lines.
        """

    def smoke_test(self, slot: Slot, timeout: float) -> dict[str, Any]:
        """Ask the slot the questions of a smoke test; returns what was checked.

        Raises:
            StepFailed: an answer is not what it must be.
        """

    def gives_items(self, slot: Slot, question: dict[str, Any], timeout: float) -> bool:
        """Whether the slot answers this recorded request with at least one item; the answer is not logged."""


@dataclass(frozen=True)
class Counts:
    """Requests that the router has sent to a slot, and those that failed, since the router started."""

    asked: int
    failed: int


class Router(Protocol):
    """What sends requests to slots."""

    def project(self, read: Callable[[], RoutingState]) -> None:
        """Make the router do what the stored state says, reading it again until nothing has changed meanwhile."""

    def wait_healthy(self, slot: Slot, timeout: float) -> bool:
        """Whether the router itself has seen the slot answer, within `timeout` seconds: a switch then acts at once."""

    def wait_applied(self, version: int, timeout: float) -> bool:
        """Whether the router follows this version of the routing, or a later one, within `timeout` seconds."""

    def wait_drained(self, slot: Slot, timeout: float) -> bool:
        """Whether no request is under way to the slot, within `timeout` seconds."""

    def counts(self) -> dict[Slot, Counts] | None:
        """By slot; None when the router does not say."""


@dataclass(frozen=True)
class EmptyAnswer:
    """An answer without items: who asked, and the request to ask again."""

    user_id: str
    question: dict[str, Any]


class Traffic(Protocol):
    """What was answered lately. Rows may be a second late, for all releases alike."""

    def answered(self, release_id: str, since: float, counts: Counts) -> Arm:
        """What `release_id` has answered since then (seconds since 1970), with the router's counts of that time."""

    def empty_answers(self, release_id: str, since: float, limit: int) -> list[EmptyAnswer]:
        """The latest answers without an item, at most one of each user."""


class Aliases(Protocol):
    """The registry's names for versions, for people to read."""

    def point(self, alias: str, model_version: int, prompt_version: int | None) -> None:
        """Let `alias` name this version of the model and, where there is one, this one of the prompt.

        Raises:
            StepFailed: the registry does not answer.
        """

    def note(self, model_version: int, key: str, value: str) -> None:
        """Write a tag on this version.

        Raises:
            StepFailed: the registry does not answer.
        """


@dataclass(frozen=True)
class World:
    """What promotions and reconciliation act on."""

    store: ReleaseStore
    slots: Slots
    router: Router
    aliases: Aliases
    traffic: Traffic
