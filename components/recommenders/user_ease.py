"""EASE turned round: every user predicted from all others by one ridge regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.ease import ease_needs, ease_weights
from components.recommenders.needs import Needs, Size
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.user_weights import FittedUserWeights


class UserEaseConfig(RecommenderConfig):
    """As of EASE; `max_items` bounds the users that are solved for exactly."""

    kind: Literal["user_ease"] = "user_ease"
    regularisation: float = Field(default=600.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)

    def build(self) -> UserEase:
        """See `UserEase`."""
        return UserEase(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return ease_needs(size.items, size.users, size.user_pairs, self.max_items)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(regularisation=value) for value in (600, 300)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """None: it answers nobody but those whom it was trained on."""
        return []


@dataclass(frozen=True)
class UserEase:
    """EASE turned round: every user predicted from all others by one ridge regression."""

    config: UserEaseConfig

    def fit(self, data: TrainingData, seed: int) -> FittedUserWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. With more users than `config.max_items` the most active are solved for exactly."""
        check_trainable(data)
        config = self.config
        speaks_for = ease_weights(csr_array(data.positives.T), config.regularisation, config.top, config.max_items)
        return FittedUserWeights(csr_array(speaks_for.T), data.positives.copy())
