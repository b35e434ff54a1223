"""Popularity that fades: what users found relevant lately counts for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field

from components.recommenders.events import events_of
from components.recommenders.popularity import FittedPopularity
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable

SECONDS_PER_DAY = 86_400
LEAST_WEIGHT = 1e-6
"""Of a relevant interaction however old: what was liked long ago comes by its popularity, not by its row."""


class RecentPopularityConfig(RecommenderConfig):
    """How fast popularity fades."""

    kind: Literal["recent_popularity"] = "recent_popularity"
    half_life_days: float = Field(default=365.0, gt=0)

    def build(self) -> RecentPopularity:
        """See `RecentPopularity`."""
        return RecentPopularity(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(half_life_days=days) for days in (365, 90, 1000)] if task.timed else []


@dataclass(frozen=True)
class RecentPopularity:
    """A relevant interaction counts half as much for every `config.half_life_days` between it and the last one."""

    config: RecentPopularityConfig

    def fit(self, data: TrainingData, seed: int) -> FittedPopularity:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Without times this is plain popularity."""
        check_trainable(data)
        events = events_of(data)
        days = (events.seconds.max(initial=0) - events.seconds) / SECONDS_PER_DAY
        fading = np.maximum(0.5 ** (days / self.config.half_life_days), LEAST_WEIGHT)
        weights = np.where(events.liked, fading, 0)
        counts = np.bincount(events.items, weights=weights, minlength=len(data.item_ids))
        return FittedPopularity(counts.astype(np.float32), len(data.user_ids))
