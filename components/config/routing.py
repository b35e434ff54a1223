"""The section `routing` of params.yaml: which users are cold, and what becomes of their candidates."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from components.config.section import Section


class Diversity(Section):
    """How much relevance a list gives up for variety (0 none, 1 all), and how many items of a category it holds."""

    strength: float = Field(default=0.0, ge=0, le=1)
    max_per_category: int | None = Field(default=None, ge=1)


class Exploration(Section):
    """The share of requests that fill one random position at random, from the list and the first `depth` candidates."""

    share: float = Field(default=0.0, ge=0, le=1)
    depth: int = Field(default=50, ge=1)


class NewItemShare(Section):
    """The share of places that new items get, so that they are seen: those that nearly nobody has met or been shown.

    New is an item with fewer than `max_interactions` in training and fewer than `max_impressions` in the last `days`.
    Each place of a list goes to one of the `depth` new items that suit the user best, with probability `share`.
    """

    share: float = Field(default=0.0, ge=0, le=0.5)
    max_interactions: int = Field(default=5, ge=1)
    max_impressions: int = Field(default=100, ge=1)
    days: float = Field(default=7.0, gt=0)
    depth: int = Field(default=20, ge=1)


class Situation(Section):
    """What the moment of a request changes, where logs show that it matters: 1 as much as they show, 0 nothing.

    `utc_offset_hours` is what the users' clocks are ahead of UTC, in which interactions are logged.
    """

    strength: float = Field(default=1.0, ge=0, le=5)
    utc_offset_hours: float = Field(default=0.0, ge=-12, le=14)


class Cache(Section):
    """How long answers are kept, and how much memory they may take in each process; 0 megabytes keep none.

    `prefetch_concurrency` answers are made ahead at once.
    """

    ttl_seconds: float = Field(default=3600.0, gt=0)
    max_megabytes: float = Field(default=32.0, ge=0)
    prefetch_concurrency: int = Field(default=4, ge=1)


class RoutingConfig(Section):
    """Which users are cold, how many candidates a request keeps, and what becomes of them.

    `fold_in` names the recommenders that answer from interactions since training, those that the bundle has; with none
    of them, such interactions only mark items as seen. `repeats`: people come back to items, so that what they liked is
    recommended, and asked for in tests, again.
    """

    repeats: bool = False
    cold_start_threshold: int = Field(ge=0)
    candidates: int = Field(ge=100)
    fold_in: list[str] = ["ease", "session", "next_items", "item_to_item", "lightfm"]
    diversity: Diversity = Diversity()
    exploration: Exploration = Exploration()
    new_items: NewItemShare = NewItemShare()
    situation: Situation = Situation()
    cache: Cache = Cache()

    @model_validator(mode="after")
    def _one_kind_of_chance(self) -> Self:
        if self.exploration.share > 0 and self.new_items.share > 0:
            raise ValueError("exploration.share and new_items.share cannot both be above 0: set one of them to 0")
        return self

    def without_chance(self) -> Self:
        """The same policy, with no place left to chance and none given to new items."""
        exploration = self.exploration.model_copy(update={"share": 0.0})
        return self.model_copy(
            update={"exploration": exploration, "new_items": self.new_items.model_copy(update={"share": 0.0})}
        )
