"""The lease: who may change slots and releases, until when, and what is said to the others."""

from __future__ import annotations

from dataclasses import dataclass

MAINTENANCE = 0
"""The rollout id of a lease that restores what the store says, and promotes nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to change slots, until it ends or another holder raises the epoch."""

    rollout_id: int
    epoch: int


@dataclass(frozen=True)
class LeaseHolder:
    """The rollout that holds the lease, and until when (seconds since 1970), which may be past."""

    rollout_id: int
    expires_at: float


@dataclass(frozen=True)
class LeaseHeld:
    """Another promotion holds the lease: `rollout_id`, started by `by`, until `expires_at` (seconds since 1970)."""

    rollout_id: int
    by: str
    expires_at: float


class LeaseLost(Exception):
    """The epoch has moved on: another promotion or a rollback has taken over, so nothing may be changed any more."""
