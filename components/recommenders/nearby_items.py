"""Items met near each other in histories, near ones and in the same order more, asked with what was met last first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from components.recommenders.events import events_of, positions
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest_of_sparse
from components.recommenders.needs import Needs, Size, fewer_places, pair_counts
from components.recommenders.pairs_apart import Places, sum_pairs
from components.recommenders.protocol import Events, RecommenderConfig, Task, TrainingData, check_trainable
from components.recommenders.reading import HistoryReading


class NearbyItemsConfig(RecommenderConfig):
    """How pairs of items count, and how a history asks.

    Attributes:
        window: places that two items may be apart.
        power: a pair that is d places apart counts d ** -power.
        backwards: what the earlier item counts for the later one, where the later counts 1 for the earlier.
        own_discount, others_discount: powers of what all pairs of an item count together by which its pairs are
            divided: of the item that is asked, and of the one that is found, so that popular ones do not always win.
        shrink: is added to those sums.
        last: items of a history that are asked. The one that was met b places before the last counts
            (b + 1) ** -asked_power.
    """

    kind: Literal["nearby_items"] = "nearby_items"
    window: int = Field(default=50, ge=1)
    power: float = Field(default=1.0, ge=0)
    backwards: float = Field(default=0.3, ge=0)
    own_discount: float = Field(default=0.5, ge=0, le=1)
    others_discount: float = Field(default=0.2, ge=0, le=1)
    shrink: float = Field(default=5.0, gt=0)
    last: int = Field(default=50, ge=1)
    asked_power: float = Field(default=1.0, ge=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=1_000_000, ge=1)

    def build(self) -> NearbyItems:
        """See `NearbyItems`."""
        return NearbyItems(self)

    def needs(self, size: Size) -> Needs:
        """See `RecommenderConfig`."""
        return pair_counts(size, self.window)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:
        """See `RecommenderConfig`; with a shorter window."""
        return self.model_copy(update={"window": fewer_places(size, self.window, seconds, megabytes)})

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        if not task.in_order:
            return []
        around = cls(power=0.5, own_discount=0, asked_power=0.75)
        onward = cls(backwards=0, own_discount=0.7, others_discount=0.3)
        return [cls(), around, onward, onward.model_copy(update={"asked_power": 1.5})]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        if not task.in_order:
            return []
        others = [each for each in cls.grid(task)[:3] if each != best]
        return [best, *others[:2]]


@dataclass(frozen=True)
class NearbyItems:
    """Sums over all pairs of a history at most `config.window` places apart, one pass a place."""

    config: NearbyItemsConfig

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Without times all that a user met is as near as all else, both ways.

        Raises:
            RecommenderError: the catalogue has more than `config.max_items` items.
        """
        check_trainable(data)
        config, events, n_items = self.config, events_of(data), len(data.item_ids)
        check_catalogue(config.kind, n_items, config.max_items)
        power, backwards = (config.power, config.backwards) if events.timed else (0.0, 1.0)
        near = pairs(events, n_items, config.window, power)
        near = csr_array(near + backwards * near.T) if backwards else near
        own = np.asarray(near.sum(axis=1), np.float32).ravel() + np.float32(config.shrink)
        others = np.asarray(near.sum(axis=0), np.float32).ravel() + np.float32(config.shrink)
        near.data /= np.repeat(own**config.own_discount, np.diff(near.indptr))
        near.data /= others[near.indices] ** config.others_discount
        weights = strongest_of_sparse(near, config.top)
        if not events.timed:
            return FittedItemWeights(data.seen.copy(), weights, HistoryReading("met"))
        reading = HistoryReading("newest", config.last, power=config.asked_power)
        place, size = positions(events)
        back = size - 1 - place
        asked = back < config.last
        cells = (events.users[asked], events.items[asked])
        history = csr_array((((1.0 + back[asked]) ** -config.asked_power).astype(np.float32), cells), data.seen.shape)
        history.sum_duplicates()
        return FittedItemWeights(history, weights, reading)


def pairs(events: Events, n_items: int, window: int, power: float) -> csr_array:
    """How much the item of a column is met after the item of a row, d ** -power at 1 to `window` places d."""

    def weigh(n_places: int, earlier: Places, later: Places) -> NDArray[np.floating]:
        return np.where(events.items[earlier] != events.items[later], float(n_places) ** -power, 0)

    return sum_pairs(events, n_items, range(1, window + 1), weigh)
