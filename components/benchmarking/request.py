"""What a comparison is asked for, and what is left of its budget of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SINGLES, OVERTIME = 0.4, 0.5
"""Shares of the budget: for single recommenders, where the rest is the pipeline's, and by which the run may take
longer."""


@dataclass(frozen=True)
class BenchmarkRequest:
    """What is asked for, and how thoroughly.

    Attributes:
        inner: how the training data is cut to choose and learn; like the outer split.
        budget_seconds: for the whole comparison. With 0 nothing is tuned and each row takes what it takes.
        megabytes, processes: that all may hold together, and that models and users may be spread over.
        began: when the budget began to run, such as before the data was read; None: when the comparison begins.
        cold_start_threshold: users with fewer training interactions are cold.
    """

    inner: Literal["latest", "random"]
    k: int
    seed: int
    budget_seconds: float
    cold_start_threshold: int
    megabytes: float = 4_000
    processes: int = 1
    began: float | None = None


class BenchmarkBudget:
    """What of the budget is left, seconds."""

    def __init__(self, budget: float, now: Callable[[], float], began: float | None) -> None:
        self._start, self._budget, self._now = now() if began is None else began, budget, now

    @property
    def limited(self) -> bool:
        """Whether there is a budget."""
        return self._budget > 0

    def left(self, share: float = 1.0) -> float:
        """Until that share of the budget is used up; endless without one."""
        return share * self._budget - (self._now() - self._start) if self.limited else float("inf")
