"""How promotions and rollbacks end: values that carry their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from components.rollout.release import Release
from components.rollout.routing import Slot


@dataclass(frozen=True)
class Promoted:
    """The release answers in `slot`; `warnings` name what could not be made to match yet (an alias, say)."""

    release: Release
    slot: Slot
    previous_release: str | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromotionRefused:
    """Nothing that users see has changed; `reason` says why."""

    reason: str
    release_id: str | None = None


@dataclass(frozen=True)
class RolledBack:
    """`to_release` answers again; `from_release` stands by."""

    from_release: str
    to_release: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CanaryStopped:
    """`live_release` answers all users again; `canary` takes part no more."""

    canary: str
    live_release: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class StandbyNotReady:
    """`release_id` is what to go back to, but it does not run: a promotion took its slot, or it was stopped."""

    release_id: str


@dataclass(frozen=True)
class PromotionCancelled:
    """A promotion was stopped before it took any traffic, and there is no release before `live_release` to go to."""

    rollout_id: int
    live_release: str | None


@dataclass(frozen=True)
class NothingToRollBackTo:
    """No release stands by; `reason` says why, and what to do."""

    reason: str
