"""Waits for the lease: a holder that is alive refuses us at once, a dead one is succeeded when its lease ends."""

from __future__ import annotations

from collections.abc import Callable

from components.rollout.lease import Lease, LeaseHeld


def acquire_lease(
    acquire: Callable[[], Lease | LeaseHeld], lease_seconds: float, sleep: Callable[[float], None]
) -> Lease | LeaseHeld:
    """The lease, or who holds it. A renewal seen while waiting means that the holder lives."""
    held = acquire()
    while isinstance(held, LeaseHeld):
        sleep(min(0.5, lease_seconds / 4))
        again = acquire()
        if isinstance(again, LeaseHeld) and (again.rollout_id, again.expires_at) != (held.rollout_id, held.expires_at):
            return again
        held = again
    return held
