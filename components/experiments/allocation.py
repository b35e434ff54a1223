"""The shares of an adaptive experiment over time, and what they make likely of who fell on which variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.experiments.fixed_horizon import Values

Allocation = Literal["fixed", "top-two"]
"""Of an experiment: the declared shares throughout, or from each reading on those that tell most."""


@dataclass(frozen=True)
class AllocatedShares:
    """Shares of new users by variant, from a moment on (seconds since 1970)."""

    since: float
    shares: tuple[float, ...]


def expected_shares(first_at: Values, over_time: Sequence[AllocatedShares]) -> tuple[float, ...]:
    """Shares of all users together, where each came under the shares of their moment; (n_variants,).

    Args:
        first_at: when each user came, (n_users,), one or more.
        over_time: oldest first; whoever came before the first one came under it.
    """
    since = np.array([each.since for each in over_time])
    under = np.maximum(np.searchsorted(since, first_at, side="right") - 1, 0)
    shares = np.array([each.shares for each in over_time])
    mean = shares[under].mean(axis=0)
    return tuple((mean / mean.sum()).tolist())
