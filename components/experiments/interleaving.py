"""Reads from the clicks on lists that two rankings drafted which of the two people prefer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from components.experiments.fixed_horizon import Difference
from components.experiments.sequential import always_valid

LEAST_USERS = 100
"""With credit; below, neither Student's t nor the confidence sequence holds."""
SCALE = 0.1
"""A preference that matters: of ten credited clicks one more for the one, one less for the other. It is where the
confidence sequence is narrowest."""


@dataclass(frozen=True)
class Preference:
    """How much more of the credited clicks goes to the second ranking, from -1 to 1.

    Attributes:
        low, high: of the interval that holds it with probability 1 - level.
        users: with credited clicks; others say nothing.
    """

    value: float
    low: float
    high: float
    p_value: float
    users: int


@dataclass(frozen=True)
class Preferred:
    """People prefer one of the rankings: 0 or 1."""

    ranking: int
    preference: Preference


@dataclass(frozen=True)
class PreferenceOpen:
    """The clicks do not tell, yet; `preference` is None with fewer than `LEAST_USERS`."""

    reason: str
    preference: Preference | None


def read_interleaved(
    user: NDArray[np.integer],
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    test: Literal["fixed", "sequential"] = "fixed",
    level: float = 0.05,
) -> Preferred | PreferenceOpen:
    """A paired test with the user as unit: the share of all credited clicks for the second ranking less that for the
    first, where the clicks of a user belong together.

    Each user's difference is held against its spread over users, so who clicks without end makes the interval wide and
    decides nothing alone. The mean of each user's share instead would take a quarter more users and above: there a
    share of one click is as loud as one of ten.

    A fixed test is read once, at the planned size; a sequential one whenever one likes.

    Args:
        user: of each request, (n_requests,), any integers.
        first, second: credit of each request, (n_requests,).

    Raises:
        ValueError: lengths differ, or a credit is negative.
    """
    if not len(user) == len(first) == len(second):
        raise ValueError(f"one of each for every request: {len(user)}, {len(first)}, {len(second)}")
    if len(user) and min(first.min(), second.min()) < 0:
        raise ValueError("credit is a number of clicks, so 0 or more")
    rows = np.unique(user, return_inverse=True)[1]
    one, other = (np.bincount(rows, weights=each) for each in (first, second))
    told = one + other > 0
    users = int(told.sum())
    if users < LEAST_USERS:
        return PreferenceOpen(f"{users} users with credited clicks: nothing can be said before {LEAST_USERS}", None)
    found = _preference((other - one)[told] / (other + one)[told].mean(), test, level)
    shown = f"{found.value:+.3f} of the credited clicks, between {found.low:+.3f} and {found.high:+.3f}"
    if found.low > 0 or found.high < 0:
        return Preferred(int(found.low > 0), found)
    return PreferenceOpen(f"{shown}: may be 0", found)


def _preference(values: NDArray[np.float64], test: Literal["fixed", "sequential"], level: float) -> Preference:
    n, value = len(values), float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(n)
    if error == 0:
        return Preference(value, value, value, float(value == 0), n)
    reach = float(stdtrit(n - 1, 1 - level / 2)) * error
    p_value = 2 * float(stdtr(n - 1, -abs(value) / error))
    found = Difference(0.0, value, value, value - reach, value + reach, error, p_value, (n, n))
    if test == "sequential":
        found = always_valid(found, SCALE, level)
    return Preference(value, found.low, found.high, found.p_value, n)
