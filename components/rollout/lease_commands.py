"""Commands that take, hold and give back the lease; what a holder left behind whose lease has ended is closed first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from components.rollout.lease import MAINTENANCE, Lease, LeaseHeld, LeaseHolder
from components.rollout.ledger import Command, HeldCommand, Ledger, Rollout
from components.rollout.states import FINAL, IllegalStep, State


@dataclass(frozen=True)
class Acquire(Command[Lease | LeaseHeld]):
    """Begin a promotion: its lease with a new epoch, or who holds it."""

    by: str
    lease_seconds: float

    def decide(self, ledger: Ledger, now: float) -> tuple[Lease | LeaseHeld, Ledger]:
        held, after = _succeed(ledger, now)
        if held is not None:
            return held, after
        return after.begun(Rollout(0, "promote", self.by, now, 0, "acquired"), self.lease_seconds)


@dataclass(frozen=True)
class AcquireMaintenance(Command[Lease | LeaseHeld]):
    """A lease for restoring what the ledger says; it is no rollout, and leaves no line in the history."""

    lease_seconds: float

    def decide(self, ledger: Ledger, now: float) -> tuple[Lease | LeaseHeld, Ledger]:
        held, after = _succeed(ledger, now)
        if held is not None:
            return held, after
        after = after.next_epoch(LeaseHolder(MAINTENANCE, now + self.lease_seconds))
        return Lease(MAINTENANCE, after.routing.epoch), after


@dataclass(frozen=True)
class Renew(HeldCommand[None]):
    """Hold the lease for another `lease_seconds`, counted from now."""

    lease_seconds: float

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        return None, replace(ledger, holder=LeaseHolder(self.lease.rollout_id, now + self.lease_seconds))


@dataclass(frozen=True)
class Finish(HeldCommand[None]):
    """Close the rollout and give the lease back.

    Raises:
        IllegalStep: its release is still in the making; give it up first.
    """

    outcome: str
    reason: str | None = None

    def under_lease(self, ledger: Ledger, now: float) -> tuple[None, Ledger]:
        release_id = ledger.running.release_id if ledger.running is not None else None
        if release_id is not None and ledger.state_of(release_id) not in FINAL | {State.LIVE}:
            raise IllegalStep(f"{release_id} is {ledger.state_of(release_id)}: give it up before its rollout ends")
        return None, ledger.ended(self.lease.rollout_id, self.outcome, now, self.reason)


def _succeed(ledger: Ledger, now: float) -> tuple[LeaseHeld | None, Ledger]:
    """Who holds the lease; None when nobody does, or the lease has ended, and its rollout is closed."""
    holder, running = ledger.holder, ledger.running
    if holder is None:
        return None, ledger
    if holder.expires_at > now:
        return LeaseHeld(holder.rollout_id, running.started_by if running else "reconcile", holder.expires_at), ledger
    if running is None:
        return None, ledger
    reason = f"its process died or was paused past its lease, at: {running.step}"
    return None, ledger.closed(running, "abandoned", reason, now)
