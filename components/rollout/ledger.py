"""The ledger of releases as a value: what is live, who may change it, what became of each release, what may follow.

A command reads it and answers with an outcome and the next ledger; whoever keeps it (a store) loads it, asks the
command, and saves what has changed. Each method here gives a new ledger, or refuses by raising.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from components.rollout.history import StateChange
from components.rollout.lease import Lease, LeaseHolder, LeaseLost
from components.rollout.release import Release
from components.rollout.routing import SLOTS, RoutingState, Slot
from components.rollout.states import FINAL, IllegalStep, State, check_step

T = TypeVar("T")

PUT_BACK = "putting the standby back"
"""The step of a rollout that has failed and been undone in the ledger, while its holder restores the slots."""
NOTHING_YET = RoutingState(
    epoch=0,
    version=0,
    live_slot=None,
    live_weight=100,
    standby_ready=False,
    releases=dict.fromkeys(SLOTS),
    should_run=dict.fromkeys(SLOTS, False),
)
"""The routing before the first promotion."""


class UnknownRelease(LookupError):
    """No release has this id."""

    def __init__(self, release_id: str) -> None:
        super().__init__(f"there is no release {release_id!r}; `recops releases` lists them")


@dataclass(frozen=True)
class ReleaseRecord:
    """A release, where it stands, and all that became of it, oldest first."""

    release: Release
    state: State
    history: tuple[StateChange, ...]

    @property
    def has_lived(self) -> bool:
        """Whether it has been live once, so that it can be gone back to."""
        return any(change.state is State.LIVE for change in self.history)


@dataclass(frozen=True)
class Rollout:
    """A promotion or rollback that was started.

    Attributes:
        from_release_id: what was live when it began.
        slot: the slot that it took.
        displaced_release_id: what stood in that slot before, put back on failure.
        checks: what was found, by step.
    """

    rollout_id: int
    kind: str
    started_by: str
    started_at: float
    epoch: int
    step: str
    release_id: str | None = None
    from_release_id: str | None = None
    slot: Slot | None = None
    displaced_release_id: str | None = None
    finished_at: float | None = None
    outcome: str | None = None
    reason: str | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ledger:
    """What is known of releases at one moment.

    `releases` and `rollouts` hold those that a decision may need: what stands in a slot, the rollout that holds the
    lease with its releases, and those that somebody has named. No other release can stand anywhere but at its end.
    """

    routing: RoutingState = NOTHING_YET
    holder: LeaseHolder | None = None
    releases: Mapping[str, ReleaseRecord] = field(default_factory=dict)
    rollouts: Mapping[int, Rollout] = field(default_factory=dict)
    last_rollout_id: int = 0

    @property
    def running(self) -> Rollout | None:
        """The rollout that holds the lease; None when nobody does, or somebody who only restores."""
        return None if self.holder is None else self.rollouts.get(self.holder.rollout_id)

    def record_of(self, release_id: str) -> ReleaseRecord:
        """The release with its history.

        Raises:
            UnknownRelease: there is none of this id.
        """
        if release_id not in self.releases:
            raise UnknownRelease(release_id)
        return self.releases[release_id]

    def state_of(self, release_id: str) -> State:
        """Where the release stands."""
        return self.record_of(release_id).state

    def check_lease(self, lease: Lease) -> None:
        """Accept that the holder of `lease` changes something.

        Raises:
            LeaseLost: the epoch has moved on, or the lease was given back.
        """
        if self.holder is None or (self.routing.epoch, self.holder.rollout_id) != (lease.epoch, lease.rollout_id):
            raise LeaseLost(
                f"rollout {lease.rollout_id} holds the lease no more (epoch {lease.epoch}, now {self.routing.epoch}): "
                "another promotion or a rollback took over"
            )

    def rollout_of(self, lease: Lease) -> Rollout:
        """The rollout that the lease is for.

        Raises:
            IllegalStep: it is a lease for restoring what is there.
        """
        if lease.rollout_id not in self.rollouts:
            raise IllegalStep("a lease for restoring promotes nothing")
        return self.rollouts[lease.rollout_id]

    def moved(
        self, release_id: str, state: State, at: float, by: str, reason: str | None = None, epoch: int | None = None
    ) -> Ledger:
        """The release has come to `state`.

        Raises:
            IllegalStep: the state may not follow the present one.
        """
        record = self.record_of(release_id)
        check_step(record.state, state)
        change = StateChange(state, at, by, reason, self.routing.epoch if epoch is None else epoch)
        return self.noted(replace(record, state=state, history=(*record.history, change)))

    def noted(self, record: ReleaseRecord) -> Ledger:
        """This is what is known of the release now."""
        return replace(self, releases={**self.releases, record.release.release_id: record})

    def told(self, rollout: Rollout) -> Ledger:
        """This is what is known of the rollout now."""
        last = max(self.last_rollout_id, rollout.rollout_id)
        return replace(self, rollouts={**self.rollouts, rollout.rollout_id: rollout}, last_rollout_id=last)

    def placed(self, slot: Slot, release_id: str | None) -> Ledger:
        """The slot should run this release, or nothing."""
        releases = {**self.routing.releases, slot: release_id}
        should_run = {**self.routing.should_run, slot: release_id is not None}
        return replace(self, routing=replace(self.routing, releases=releases, should_run=should_run))

    def routed(self, **changes: Any) -> Ledger:
        """Others answer; without a word of it no canary takes a share, and a standby none either."""
        values = {"live_weight": 100, "canary_weight": 0, **changes, "version": self.routing.version + 1}
        return replace(self, routing=replace(self.routing, **values))

    def next_epoch(self, holder: LeaseHolder | None) -> Ledger:
        """Whoever held the lease has lost it, to `holder`."""
        return replace(self, routing=replace(self.routing, epoch=self.routing.epoch + 1), holder=holder)

    def begun(self, rollout: Rollout, lease_seconds: float) -> tuple[Lease, Ledger]:
        """The rollout holds the lease; its number and its epoch are the next ones."""
        holder = LeaseHolder(self.last_rollout_id + 1, rollout.started_at + lease_seconds)
        after = self.next_epoch(holder)
        epoch = after.routing.epoch
        begun = replace(rollout, rollout_id=holder.rollout_id, epoch=epoch, from_release_id=self.routing.live_release)
        return Lease(holder.rollout_id, epoch), after.told(begun)

    def undone(self, rollout: Rollout, reason: str, at: float, bad: State = State.FAILED) -> Ledger:
        """The rollout's release is `bad`, or retired if it has been live once, and its slot is as it was before.

        Raises:
            IllegalStep: the release is live.
        """
        if rollout.release_id is None or self.state_of(rollout.release_id) in FINAL:
            return self
        after = self
        if rollout.slot is not None:
            after = after.placed(rollout.slot, rollout.displaced_release_id).routed(standby_ready=False)
        following = State.RETIRED if self.record_of(rollout.release_id).has_lived else bad
        after = after.moved(rollout.release_id, following, at, rollout.started_by, reason, rollout.epoch)
        return after.told(replace(rollout, step=PUT_BACK))

    def closed(self, rollout: Rollout, outcome: str, reason: str, at: float, bad: State = State.FAILED) -> Ledger:
        """The rollout is ended in its holder's place: past the switch it is done, before it everything is undone."""
        if rollout.release_id is None or self.state_of(rollout.release_id) is not State.LIVE:
            return self.undone(rollout, reason, at, bad).ended(rollout.rollout_id, outcome, at, reason)
        done = "promoted" if rollout.kind == "promote" else "rolled back"
        return self.ended(rollout.rollout_id, done, at, reason if outcome == "abandoned" else None)

    def ended(self, rollout_id: int, outcome: str, at: float, reason: str | None = None) -> Ledger:
        """Nobody holds the lease, and the rollout, if it was one, has come out so."""
        after = replace(self, holder=None)
        if rollout_id not in self.rollouts:
            return after
        rollout = self.rollouts[rollout_id]
        return after.told(replace(rollout, finished_at=at, outcome=outcome, reason=reason or rollout.reason))


class Command(ABC, Generic[T]):
    """Something that is asked of the ledger; `T` is what comes of it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The releases that it asks about, beside those that a ledger holds anyway."""
        return ()

    @abstractmethod
    def decide(self, ledger: Ledger, now: float, /) -> tuple[T, Ledger]:
        """The outcome and the next ledger; `now` is in seconds since 1970."""


@dataclass(frozen=True)
class HeldCommand(Command[T]):
    """A command of whoever holds the lease: it is refused when the epoch has moved on."""

    lease: Lease

    def decide(self, ledger: Ledger, now: float, /) -> tuple[T, Ledger]:
        ledger.check_lease(self.lease)
        return self.under_lease(ledger, now)

    @abstractmethod
    def under_lease(self, ledger: Ledger, now: float, /) -> tuple[T, Ledger]:
        """As `decide`, with the lease checked."""
