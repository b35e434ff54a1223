"""Purses that several processes share: each tells the others what was taken from them, a moment later."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from components.serving.allowance import Allowance

NAME_BYTES = 8


class Takings(Protocol):
    """Carries what was taken to the other processes; neither method waits for anything."""

    def tell(self, limit: str, name: str, amount: float) -> None:
        """Something was taken here."""
        ...

    def heard(self, limit: str) -> Sequence[tuple[str, float]]:
        """What was taken elsewhere from purses of this limit since the last call."""
        ...


class SharedAllowance(Allowance):
    """As `Allowance`, less what others took from a purse of the same name. What they take at the same moment is heard
    too late, so that together they may give more than a full purse once.

    Args:
        limit: what the purses are for, the same in all processes.
    """

    def __init__(self, limit: str, takings: Takings, per_second: float, burst: float) -> None:
        super().__init__(per_second, burst)
        self._limit = limit
        self._takings = takings

    def take(self, name: str, amount: float, now: float) -> float:
        """As there; the others hear of what was given."""
        for other, taken in self._takings.heard(self._limit):
            self.spend(other, taken, now)
        known = hashlib.blake2b(name.encode(), digest_size=NAME_BYTES).hexdigest()
        wait = super().take(known, amount, now)
        if not wait:
            self._takings.tell(self._limit, known, amount)
        return wait
