"""Decides who may do how much: each name has a purse that fills at a steady rate up to a limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MAX_NAMES = 100_000
"""Purses remembered; who has not been seen for longest is forgotten first, and begins with a full one."""


class Allowance:
    """Purses by name, in this process alone: what each held when, in pairs that the garbage collector does not look at.

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
        self._purses: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, amount: float, now: float) -> float:
        """Takes `amount` at `now` (seconds, of any clock) and gives 0.0, or takes nothing and gives seconds to wait.

        More than a full purse at once is never given: the wait is then for a full one.
        """
        held = self._held(name, now)
        if held >= amount:
            self._purses[name] = (held - amount, now)
            return 0.0
        return (min(amount, self._burst) - held) / self._per_second or 1e-3

    def is_spent(self, name: str, now: float) -> bool:
        """Whether nothing is left."""
        return self._held(name, now) <= 0

    def spend(self, name: str, amount: float, now: float) -> None:
        """Takes what was spent already, more than is left too."""
        self._purses[name] = (self._held(name, now) - amount, now)

    def _held(self, name: str, now: float) -> float:
        """What the purse holds now, which is noted."""
        purse = self._purses.get(name)
        if purse is None:
            held = self._burst
        else:
            self._purses.move_to_end(name)
            held = min(self._burst, purse[0] + max(0.0, now - purse[1]) * self._per_second)
        self._purses[name] = (held, now)
        if len(self._purses) > self._max_names:
            self._purses.popitem(last=False)
        return held


MakeAllowance = Callable[[str, float, float], Allowance]
"""Makes the purses of a limit, from its name, `per_second` and `burst`."""


def own_purses(_limit: str, per_second: float, burst: float) -> Allowance:
    """Purses of this process alone."""
    return Allowance(per_second, burst)
