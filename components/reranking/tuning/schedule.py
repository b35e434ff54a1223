"""Decides how fast a step of a tuning learns: a linear rise, then a fall to 0 that never turns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Fall = Literal["cosine", "linear"]


@dataclass(frozen=True)
class LearningRate:
    """The rate at each of `steps` steps, counted from 0.

    Attributes:
        peak: the highest rate.
        steps: of the whole tuning, over all epochs. A schedule that is made for fewer rises again, or stays at 0.
        warm_up: share of the steps in which it rises, from above 0 to `peak`.
        fall: half a cosine or a line, from `peak` towards 0, which the step after the last one would have.
    """

    peak: float
    steps: int
    warm_up: float
    fall: Fall

    def __post_init__(self) -> None:
        if self.steps < 1 or self.peak <= 0 or not 0 <= self.warm_up < 1:
            raise ValueError(f"a schedule has steps >= 1, peak > 0 and a warm-up of 0 to under 1, not {self}")

    def at(self, step: int) -> float:
        """The rate of a step; past the last one it is 0."""
        rising = int(self.warm_up * self.steps)
        if step < rising:
            return self.peak * (step + 1) / (rising + 1)
        over = min((step - rising) / (self.steps - rising), 1.0)
        return self.peak * (0.5 * (1 + math.cos(math.pi * over)) if self.fall == "cosine" else 1 - over)
