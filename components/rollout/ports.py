"""What a promotion needs of the world: the store, the slots, the router, the aliases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from components.rollout.canary_judge import Arm
from components.rollout.ledger import Command, Ledger
from components.rollout.release import Release
from components.rollout.routing import RoutingState, Slot

T = TypeVar("T")


class StepFailed(Exception):
    """A step of a promotion failed; the message says which and why."""


class ReleaseStore(Protocol):
    """Keeps the ledger of releases, which decides; what only reads may ask for less than the ledger."""

    def load(self, *release_ids: str) -> Ledger:
        """The ledger as it is now, with these releases, if they exist, beside those that a decision may need."""

    def commit(self, command: Command[T]) -> T:
        """Ask the ledger, and keep the one that follows: all in one transaction, or nothing.

        Raises:
            LeaseLost: the epoch has moved on.
            IllegalStep: what was asked may not follow.
            StepFailed: the store does not take the write.
        """

    def routing(self) -> RoutingState:
        """What is live."""

    def release(self, release_id: str) -> Release:
        """The release of this id.

        Raises:
            UnknownRelease: there is none.
        """

    def rejected(self) -> list[tuple[Release, str]]:
        """The releases that were rejected, oldest first, and why."""


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
