"""EASE turned round: every user predicted from all others by one ridge regression, for any history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field

from components.recommenders.ease import ease_needs, ease_weights
from components.recommenders.item_weights import FittedItemWeights
from components.recommenders.needs import Needs, Size, fewer_items
from components.recommenders.protocol import RecommenderConfig, Task, TrainingData, check_trainable


class UserEaseConfig(RecommenderConfig):
    """As of EASE."""

    kind: Literal["user_ease"] = "user_ease"
    regularisation: float = Field(default=600.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)

    def build(self) -> UserEase:
        """See `UserEase`."""
        return UserEase(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return ease_needs(size.users, size.items, size.item_pairs, self.max_items)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:
        """See `RecommenderConfig`; solved for fewer items."""
        max_items = fewer_items(self.needs(size), size, self.max_items, seconds, megabytes)
        return self.model_copy(update={"max_items": max_items})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls(regularisation=value) for value in (600, 300)]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [] if task.in_order else [cls()]


@dataclass(frozen=True)
class UserEase:
    """Keeps the `config.top` strongest weights of each item. Nothing is drawn.

    With X the relevant interactions, users weigh (XX' + λ)⁻¹Xh for a history h, and an item's score is the sum of the
    weights of who likes it: X'(XX' + λ)⁻¹Xh, which is (1 - λP)h with P the inverse of X'X + λ (Woodbury). Of what was
    not met, -λP tells all: EASE's weights without the division by P's diagonal. For somebody who was trained on that is
    EASE over users with their own row left out, but for a factor.
    """

    config: UserEaseConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used."""
        check_trainable(data)
        config = self.config
        weights = ease_weights(data.positives, config.regularisation, config.top, config.max_items, scaled=False)
        return FittedItemWeights(data.positives.copy(), weights)
