"""Popularity that fades: what users found relevant lately counts for more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from components.config.params import RecentPopularity as RecentPopularityParams
from components.recommenders.events import events_of
from components.recommenders.popularity import FittedPopularity
from components.recommenders.protocol import TrainingData, check_trainable

SECONDS_PER_DAY = 86_400
LEAST_WEIGHT = 1e-6
"""Of a relevant interaction however old: what was liked long ago comes by its popularity, not by its row."""


@dataclass(frozen=True)
class RecentPopularity:
    """A relevant interaction counts half as much for every `params.half_life_days` between it and the last one."""

    params: RecentPopularityParams

    name: ClassVar[str] = "recent_popularity"

    def fit(self, data: TrainingData, seed: int) -> FittedPopularity:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Without times this is plain popularity."""
        check_trainable(data)
        events = events_of(data)
        days = (events.seconds.max(initial=0) - events.seconds) / SECONDS_PER_DAY
        fading = np.maximum(0.5 ** (days / self.params.half_life_days), LEAST_WEIGHT)
        weights = np.where(events.liked, fading, 0)
        counts = np.bincount(events.items, weights=weights, minlength=len(data.item_ids))
        return FittedPopularity(counts.astype(np.float32), len(data.user_ids))
