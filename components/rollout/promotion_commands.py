"""Commands of a promotion, step by step: built, in the idle slot, ready, tested, on trial, live; or undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from components.rollout.history import StateChange
from components.rollout.ledger import Command, HeldCommand, Ledger, ReleaseRecord, Rollout
from components.rollout.release import Release
from components.rollout.routing import Slot
from components.rollout.states import WARM, IllegalStep, State, check_growth


@dataclass(frozen=True)
class RecordStep(HeldCommand[None]):
    """Note where the rollout is, and what it found there."""

    step: str
    check: dict[str, Any] | None = None

    def under_lease(self, ledger: Ledger, _now: float) -> tuple[None, Ledger]:
        rollout = ledger.rollout_of(self.lease)
        checks = rollout.checks if self.check is None else {**rollout.checks, self.step: self.check}
        return None, ledger.told(replace(rollout, step=self.step, checks=checks))


@dataclass(frozen=True)
class AddRelease(HeldCommand[None]):
    """Keep a release that was built; the rollout is about it.

    Raises:
        IllegalStep: the rollout is about a release already, or there is one of this id.
    """

    release: Release

    @property
    def names(self) -> tuple[str, ...]:
        return (self.release.release_id,)

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        rollout, release_id = ledger.rollout_of(self.lease), self.release.release_id
        if rollout.release_id is not None or release_id in ledger.releases:
            raise IllegalStep(f"rollout {rollout.rollout_id} cannot add {release_id}: a release is built once")
        built = StateChange(State.BUILT, now, self.release.created_by, None, self.lease.epoch)
        after = ledger.noted(ReleaseRecord(self.release, State.BUILT, (built,)))
        return None, after.told(replace(rollout, release_id=release_id))


@dataclass(frozen=True)
class TakeIdleSlot(HeldCommand[Slot]):
    """Give the idle slot to the rollout's release, which is starting from now on; no request may go there yet.

    Raises:
        IllegalStep: the release has not just been built, and is not retired.
    """

    def under_lease(self, ledger: Ledger, now: float) -> tuple[Slot, Ledger]:
        rollout, slot = ledger.rollout_of(self.lease), ledger.routing.idle_slot
        release_id = _release_of(rollout)
        if rollout.slot is not None:
            raise IllegalStep(f"rollout {rollout.rollout_id} has had its slot, {rollout.slot}, already")
        taken = replace(
            rollout, slot=slot, displaced_release_id=ledger.routing.releases[slot], step=str(State.STARTING)
        )
        after = ledger.moved(release_id, State.STARTING, now, rollout.started_by).told(taken)
        return slot, after.placed(slot, release_id).routed(standby_ready=False)


@dataclass(frozen=True)
class Advance(HeldCommand[None]):
    """The rollout's release has come up in its slot, or passed its smoke test there.

    Raises:
        IllegalStep: the state may not follow the present one.
    """

    state: Literal[State.READY, State.SMOKE_TESTED]

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        rollout = ledger.rollout_of(self.lease)
        after = ledger.moved(_release_of(rollout), self.state, now, rollout.started_by)
        return None, after.told(replace(rollout, step=str(self.state)))


@dataclass(frozen=True)
class SetCanary(HeldCommand[None]):
    """Let the release in the idle slot answer `weight` per cent of the users.

    Raises:
        IllegalStep: the share does not grow, the release has not passed its smoke test, or nothing is live beside it.
    """

    weight: int

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        rollout = ledger.rollout_of(self.lease)
        if rollout.kind != "promote" or ledger.routing.live_slot is None:
            raise IllegalStep("only a new release is tried on some of the users, beside one that is live")
        check_growth(ledger.routing.canary_weight, self.weight)
        share = f"{self.weight} %"
        after = ledger.moved(_release_of(rollout), State.CANARY, now, rollout.started_by, share)
        after = after.told(replace(rollout, step=f"{State.CANARY} {share}"))
        return None, after.routed(canary_weight=self.weight)


@dataclass(frozen=True)
class MakeLive(HeldCommand[None]):
    """Switch: the release answers, the one before it drains to stand by, the one it displaced retires.

    Raises:
        IllegalStep: the release has not passed its smoke test.
    """

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        rollout, former = ledger.rollout_of(self.lease), ledger.routing.live_release
        release_id, by = _release_of(rollout), rollout.started_by
        after = ledger.moved(release_id, State.LIVE, now, by)
        if former is not None:
            after = after.moved(former, State.DRAINING, now, by, f"succeeded by {release_id}")
        displaced = rollout.displaced_release_id
        if displaced is not None and after.state_of(displaced) in WARM:
            after = after.moved(displaced, State.RETIRED, now, by, f"displaced by {release_id}")
        after = after.told(replace(rollout, step=str(State.LIVE)))
        return None, after.routed(live_slot=rollout.slot, standby_ready=former is not None)


@dataclass(frozen=True)
class GiveUp(HeldCommand[None]):
    """The rollout's release is failed, and the slot it took goes back to what stood there. Keeps the lease.

    With `rejected` it was a canary that did harm: no release of its recipe is promoted again by itself.

    Raises:
        IllegalStep: the release is live, or one that was no canary is to be rejected.
    """

    reason: str
    rejected: bool = False

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        bad = State.REJECTED if self.rejected else State.FAILED
        return None, ledger.undone(ledger.rollout_of(self.lease), self.reason, now, bad)


@dataclass(frozen=True)
class MarkStandby(HeldCommand[None]):
    """Whether the idle slot's release answers, so that it may take over.

    Raises:
        IllegalStep: what is in the idle slot was never live, or nothing is.
    """

    ready: bool

    def under_lease(self, ledger: Ledger, _now: float) -> tuple[None, Ledger]:
        standby = ledger.routing.releases[ledger.routing.idle_slot]
        if self.ready and (standby is None or ledger.state_of(standby) not in WARM):
            raise IllegalStep(f"{standby or 'nothing'} in the idle slot cannot stand by")
        changed = ledger.routing.standby_ready is not self.ready
        return None, ledger.routed(standby_ready=self.ready) if changed else ledger


@dataclass(frozen=True)
class FinishDraining(Command[None]):
    """The release in the idle slot has answered its last request and stands by, if it was draining.

    Needs no lease, as it changes nothing but a name.
    """

    def decide(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        former = ledger.routing.releases[ledger.routing.idle_slot] if ledger.routing.live_slot else None
        if former is None or ledger.state_of(former) is not State.DRAINING:
            return None, ledger
        return None, ledger.moved(former, State.STANDBY, now, "recops", "has answered its last request")


def _release_of(rollout: Rollout) -> str:
    if rollout.release_id is None:
        raise IllegalStep(f"rollout {rollout.rollout_id} is not about a release yet")
    return rollout.release_id
