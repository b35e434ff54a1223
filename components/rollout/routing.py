"""What is live and what Envoy should do about it, derived from the stored state alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Slot = Literal["blue", "green"]
SLOTS: tuple[Slot, Slot] = ("blue", "green")


def other(slot: Slot) -> Slot:
    """The slot that `slot` is not."""
    return "green" if slot == "blue" else "blue"


@dataclass(frozen=True)
class RoutingState:
    """The stored truth: weights are in per cent; `version` grows with each change of the routing.

    Attributes:
        live_weight: of the requests, when a standby shares them; the rest goes to the standby.
        canary_weight: of the users who are answered by the release in the idle slot, while it is a canary.
    """

    epoch: int
    version: int
    live_slot: Slot | None
    live_weight: int
    standby_ready: bool
    releases: dict[Slot, str | None]
    should_run: dict[Slot, bool]
    canary_weight: int = 0

    @property
    def idle_slot(self) -> Slot:
        """Where the next release goes; blue when nothing is live."""
        return "blue" if self.live_slot is None else other(self.live_slot)

    @property
    def live_release(self) -> str | None:
        """The id of the release that answers, or None before the first."""
        return None if self.live_slot is None else self.releases[self.live_slot]

    @property
    def standby_release(self) -> str | None:
        """The id of the release that takes over on failure or rollback, or None."""
        return self.releases[self.idle_slot] if self.live_slot and self.standby_ready else None

    @property
    def canary_release(self) -> str | None:
        """The id of the release that answers some of the users on trial, or None."""
        return self.releases[self.idle_slot] if self.live_slot and self.canary_weight else None


@dataclass(frozen=True)
class SlotShare:
    """`weight` per cent of the requests go to `slot`; to `fallback` when it does not answer."""

    slot: Slot
    fallback: Slot | None
    weight: int


def shares_of(state: RoutingState) -> tuple[SlotShare, ...]:
    """Who answers what share; nobody before the first release.

    An untested slot is never a fallback. A canary comes first, so that the users with the lowest numbers are its own
    and a growing share only adds to them; it has passed its tests, and so each of the two may stand in for the other.
    """
    if state.live_slot is None:
        return ()
    live, idle = state.live_slot, state.idle_slot
    if state.canary_weight:
        shares = (SlotShare(idle, live, state.canary_weight), SlotShare(live, idle, 100 - state.canary_weight))
    elif not state.standby_ready:
        return (SlotShare(live, None, 100),)
    else:
        shares = (SlotShare(live, idle, state.live_weight), SlotShare(idle, live, 100 - state.live_weight))
    return tuple(share for share in shares if share.weight > 0)
