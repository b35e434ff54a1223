"""Commands that go back to an earlier release: they wait for no lease, and cancel what runs."""

from __future__ import annotations

from dataclasses import dataclass

from components.rollout.lease import Lease
from components.rollout.ledger import Command, Ledger, Rollout
from components.rollout.outcomes import (
    CanaryStopped,
    NothingToRollBackTo,
    PromotionCancelled,
    RolledBack,
    StandbyNotReady,
)
from components.rollout.routing import other
from components.rollout.states import WARM, State

WentBack = RolledBack | CanaryStopped | StandbyNotReady | PromotionCancelled | NothingToRollBackTo


@dataclass(frozen=True)
class RollBack(Command[WentBack]):
    """Raise the epoch, which ends any lease, and let the release answer that did so before.

    That is the live one while a canary takes a share, else the standby if one is ready. `blamed` names the release that
    is to go, whichever takes traffic last by default. With `reject` it never comes back by itself.
    """

    by: str
    reason: str
    blamed: str | None = None
    reject: bool = False

    def decide(self, ledger: Ledger, now: float) -> tuple[WentBack, Ledger]:
        canary, live = ledger.routing.canary_release, ledger.routing.live_release
        if live is None:
            return NothingToRollBackTo("nothing is live yet; run `recops up`"), ledger
        if self.blamed not in (None, live, canary):
            return NothingToRollBackTo(f"{self.blamed} does not answer; {live} is live"), ledger
        running, after = ledger.running, ledger  # a restoration has nothing to cancel
        if running is not None:
            bad = State.REJECTED if self.reject and canary and self.blamed != live else State.FAILED
            after = after.closed(running, "cancelled", f"rolled back by {self.by}: {self.reason}", now, bad)
        after = after.next_epoch(None)
        if canary is not None and self.blamed != live:
            return CanaryStopped(canary, live), self._told(after, live, canary, now)
        return self._to_standby(after, live, None if running is None else running.rollout_id, now)

    def _to_standby(self, ledger: Ledger, live: str, running: int | None, now: float) -> tuple[WentBack, Ledger]:
        idle = ledger.routing.idle_slot
        former = ledger.routing.releases[idle]
        if former is None or ledger.state_of(former) not in WARM:
            if running is not None:
                return PromotionCancelled(running, live), ledger
            return NothingToRollBackTo(f"there is no release before {live} in the other slot"), ledger
        if ledger.routing.standby_release is None:
            return StandbyNotReady(former), ledger
        after = ledger.moved(former, State.LIVE, now, self.by, self.reason)
        after = after.moved(live, State.REJECTED if self.reject else State.DRAINING, now, self.by, self.reason)
        if self.reject:
            after = after.placed(other(idle), None)
        after = after.routed(live_slot=idle, standby_ready=not self.reject)
        return RolledBack(live, former), self._told(after, former, live, now)

    def _told(self, ledger: Ledger, to: str, away_from: str, now: float) -> Ledger:
        """A line in the history for what was done at once."""
        return ledger.told(
            Rollout(
                rollout_id=ledger.last_rollout_id + 1,
                kind="rollback",
                started_by=self.by,
                started_at=now,
                epoch=ledger.routing.epoch,
                step=str(State.LIVE),
                release_id=to,
                from_release_id=away_from,
                slot=ledger.routing.live_slot,
                finished_at=now,
                outcome="rolled back",
                reason=self.reason,
            )
        )


@dataclass(frozen=True)
class GoBackTo(Command[WentBack | Lease]):
    """Go back to the release of this id: at once where it stands by, else with a lease for starting it.

    Only a release that has been live and was not rejected can be gone back to; anything else changes nothing.
    """

    release_id: str
    by: str
    reason: str
    lease_seconds: float
    reject: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.release_id,)

    def decide(self, ledger: Ledger, now: float) -> tuple[WentBack | Lease, Ledger]:
        live, standing = ledger.routing.live_release, ledger.state_of(self.release_id)
        if self.release_id == live:
            return NothingToRollBackTo(f"{self.release_id} is live already"), ledger
        if standing in WARM:
            return RollBack(self.by, self.reason, live, self.reject).decide(ledger, now)
        if standing is not State.RETIRED or live is None:
            refused = f"{self.release_id} is {standing}; only a release that has been live can be gone back to"
            return NothingToRollBackTo(refused), ledger
        after = ledger
        if ledger.running is not None:
            reason = f"rolled back by {self.by}: {self.reason}"
            after = after.closed(ledger.running, "cancelled", reason, now)
        return after.begun(
            Rollout(0, "rollback", self.by, now, 0, "acquired", self.release_id, reason=self.reason),
            self.lease_seconds,
        )
