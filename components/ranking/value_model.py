"""Orders candidates by what they are worth: how likely each outcome is, times what it counts for.

Each objective is learnt apart, as a chance; the weights join them here and nowhere else. Where a like alone counts,
nothing of this is learnt, and the ranker orders as it does without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from components.config.section import Section
from components.ranking.learned_ranker import Examples, LearnedRanker, RankerConfig, train_chances
from components.recommenders.events import ones
from components.recommenders.protocol import NUMBERS, PRICE, Events, RecommenderError, Scores, TrainingData

Objective = Literal["click", "like", "purchase", "dislike"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
CLICKS, PURCHASES = frozenset({"click", "view"}), frozenset({"purchase", "buy", "order", "transaction"})
"""Types of interactions, whatever their case; who purchases has clicked."""
LEAST = 50
"""Candidates with an outcome below which it cannot be learnt."""


class ValueWeights(Section):
    """What one of each outcome counts for; a purchase counts so much a unit of the item's price."""

    click: float = Field(default=0.0, ge=0)
    like: float = Field(default=1.0, ge=0)
    purchase: float = Field(default=0.0, ge=0)
    dislike: float = Field(default=0.0, le=0)

    @model_validator(mode="after")
    def _something_counts(self) -> ValueWeights:
        if not (self.click or self.like or self.purchase):
            raise ValueError("value: click, like or purchase must count for something above 0")
        return self

    @property
    def by_objective(self) -> dict[Objective, float]:
        """Those that count."""
        return {name: weight for name in OBJECTIVES if (weight := float(getattr(self, name)))}

    @property
    def likes_alone(self) -> bool:
        """Whether nothing but likes counts, so that their weight does not matter."""
        return set(self.by_objective) == {"like"}


@dataclass(frozen=True)
class ValueModel:
    """A model of each objective, whose scores are chances, and what each counts for."""

    weights: Mapping[Objective, float]
    models: Mapping[Objective, LearnedRanker]

    @property
    def names(self) -> tuple[str, ...]:
        """The features that it sees."""
        return next(iter(self.models.values())).names

    def scores(self, rows: Scores, prices: NDArray[np.floating]) -> Scores:
        """The worth of each candidate, (n_candidates,); `prices` are theirs."""
        total = np.zeros(len(rows))
        for name, weight in self.weights.items():
            chances = self.models[name].scores(rows).astype(np.float64)
            total += weight * chances * (prices if name == "purchase" else 1.0)
        return np.asarray(total, np.float32)


def prices_of(data: TrainingData) -> NDArray[np.float64]:
    """The price of each item, (n_items,); the mean of those that are known where it is unknown, 1 where none is."""
    if data.item_numbers is None:
        return np.ones(len(data.item_ids))
    prices = data.item_numbers[:, NUMBERS.index(PRICE)].astype(np.float64)
    known = np.isfinite(prices)
    return np.where(known, prices, prices[known].mean() if known.any() else 1.0)


def outcomes(asked: Events, kinds: Sequence[str], name: Objective) -> NDArray[np.bool_]:
    """Which of the events `asked` are an outcome of this objective.

    Raises:
        RecommenderError: the data do not tell it apart.
    """
    if name == "like":
        return asked.liked
    folded = [kind.casefold() for kind in kinds]
    of_kind = np.array([kind in PURCHASES for kind in folded]), np.array([kind in CLICKS for kind in folded])
    codes = np.zeros(len(asked), np.int64) if asked.kinds is None else asked.kinds.astype(np.int64)
    bought, clicked = (mask[codes] if mask.any() else np.zeros(len(asked), np.bool_) for mask in of_kind)
    if name == "dislike":
        return ~asked.liked & ~bought & ~clicked
    found = bought if name == "purchase" else bought | clicked
    if not any(of_kind[0] if name == "purchase" else of_kind[0] | of_kind[1]):
        named = sorted(PURCHASES if name == "purchase" else PURCHASES | CLICKS)
        raise RecommenderError(
            f"value.{name} counts, but no interaction is of a type such as {', '.join(named)}; the types are "
            f"{', '.join(kinds) or 'one alone'}. Set train.recommender.value.{name} to 0, or ingest the types"
        )
    return found


def learn_value(
    weights: ValueWeights,
    parts: Sequence[tuple[Examples, NDArray[np.int64], Events]],
    kinds: Sequence[str],
    config: RankerConfig,
    seed: int,
) -> ValueModel:
    """A model for each objective that counts.

    Args:
        parts: examples, whose each row is, and what happened in the part that is asked for.

    Raises:
        RecommenderError: an objective cannot be learnt from the data.
    """
    models: dict[Objective, LearnedRanker] = {}
    for name in weights.by_objective:
        labelled = [(examples, _came_about(examples, users, asked, kinds, name)) for examples, users, asked in parts]
        n_found = sum(int(found.sum()) for _, found in labelled)
        if n_found < LEAST:
            raise RecommenderError(
                f"value.{name} counts, but only {n_found} candidates had that outcome, and {LEAST} are needed to learn "
                f"it: set train.recommender.value.{name} to 0 until there are more"
            )
        models[name] = train_chances(labelled, config, seed)
    return ValueModel(weights.by_objective, models)


def _came_about(
    examples: Examples, users: NDArray[np.int64], asked: Events, kinds: Sequence[str], name: Objective
) -> NDArray[np.bool_]:
    happened = outcomes(asked, kinds, name)
    shape = int(max(users.max(initial=-1), asked.users.max(initial=-1))) + 1, int(asked.items.max(initial=-1)) + 1
    found = ones(asked.users[happened], asked.items[happened], shape)
    labels = np.zeros(examples.items.shape, np.bool_)
    for row, user in enumerate(users.tolist()):
        labels[row] = np.isin(examples.items[row], found.indices[found.indptr[user] : found.indptr[user + 1]])
    return labels & (examples.items >= 0)
