"""Decides whether users fell on the variants in the declared shares; if not, the experiment is not to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import chdtrc

LEVEL = 0.001
"""A mismatch is an error of assignment or logging, not an effect, so only strong evidence counts as one."""
LEAST_EXPECTED = 5.0
"""With fewer users expected in a variant the chi-square approximation says nothing."""


@dataclass(frozen=True)
class RatioHolds:
    """The counts are what the shares make likely."""

    p_value: float


@dataclass(frozen=True)
class RatioMismatch:
    """The counts are too far from the shares for chance; something assigns or loses users unevenly."""

    p_value: float
    counts: tuple[int, ...]
    expected: tuple[float, ...]
    what: str = "users"

    @property
    def reason(self) -> str:
        expected = ", ".join(f"{due:.0f}" for due in self.expected)
        return (
            f"sample ratio mismatch: {self.what} {self.counts} where ({expected}) were expected, p = {self.p_value:.2g}"
        )


@dataclass(frozen=True)
class RatioUnknown:
    """Too few users to say; `users_needed` in all would be enough to check."""

    users_needed: int


def check_sample_ratio(
    counts: Sequence[int], shares: Sequence[float], level: float = LEVEL, what: str = "users"
) -> RatioHolds | RatioMismatch | RatioUnknown:
    """Pearson's chi-square test of users per variant against the declared shares (Fabijan et al., KDD 2019).

    At 13,100 users a 52/48 assignment of a declared 50/50 is found in 90 of 100 experiments at the level .001, and
    always when the counts themselves stand at 52/48.

    Raises:
        ValueError: counts and shares differ in length.
    """
    total = sum(counts)
    expected = tuple(share * total for share in shares)
    if min(expected) < LEAST_EXPECTED:
        return RatioUnknown(int(-(-LEAST_EXPECTED // min(shares))))
    statistic = sum((seen - due) ** 2 / due for seen, due in zip(counts, expected, strict=True))
    p_value = float(chdtrc(len(expected) - 1, statistic))
    return RatioHolds(p_value) if p_value >= level else RatioMismatch(p_value, tuple(counts), expected, what)
