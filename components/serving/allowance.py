"""Decides who may do how much: each name has a purse that fills at a steady rate up to a limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_NAMES = 100_000
"""Purses remembered; who has not been seen for longest is forgotten first, and begins with a full one."""


@dataclass
class _Purse:
    held: float
    at: float


class Allowance:
    """Purses by name, in this process alone.

    Args:
        per_second: how fast a purse fills.
        burst: how much it holds, with which everybody begins.
    """

    def __init__(self, per_second: float, burst: float, max_names: int = MAX_NAMES) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError(f"a purse fills faster than {per_second} and holds more than {burst}")
        self._per_second = per_second
        self._burst = burst
        self._max_names = max_names
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    def take(self, name: str, amount: float, now: float) -> float:
        """Takes `amount` at `now` (seconds, of any clock) and gives 0.0, or takes nothing and gives seconds to wait.

        More than a full purse at once is never given: the wait is then for a full one.
        """
        purse = self._purse_of(name, now)
        if purse.held >= amount:
            purse.held -= amount
            return 0.0
        return (min(amount, self._burst) - purse.held) / self._per_second or 1e-3

    def is_spent(self, name: str, now: float) -> bool:
        """Whether nothing is left."""
        return self._purse_of(name, now).held <= 0

    def spend(self, name: str, amount: float, now: float) -> None:
        """Takes what was spent already, more than is left too."""
        self._purse_of(name, now).held -= amount

    def _purse_of(self, name: str, now: float) -> _Purse:
        purse = self._purses.get(name)
        if purse is None:
            purse = self._purses[name] = _Purse(self._burst, now)
            if len(self._purses) > self._max_names:
                self._purses.popitem(last=False)
            return purse
        self._purses.move_to_end(name)
        purse.held = min(self._burst, purse.held + max(0.0, now - purse.at) * self._per_second)
        purse.at = now
        return purse


MakeAllowance = Callable[[str, float, float], Allowance]
"""Makes the purses of a limit, from its name, `per_second` and `burst`."""


def own_purses(_limit: str, per_second: float, burst: float) -> Allowance:
    """Purses of this process alone."""
    return Allowance(per_second, burst)
