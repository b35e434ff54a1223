"""What users turn to next: transitions from each of the last few items to those met soon after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_array

from components.config.params import Session as SessionParams
from components.recommenders.events import events_of, recent
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest_of_sparse
from components.recommenders.protocol import Events, TrainingData, check_trainable


@dataclass(frozen=True)
class Session:
    """Counts, for each pair of items, how often the second follows within `params.window` places, near ones more.

    Counts are divided by a power of how often the second item follows anything, so that popular items do not always
    win. Where times are unknown, neighbours count in both directions.
    """

    params: SessionParams

    name: ClassVar[str] = "session"

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used.

        Raises:
            RecommenderError: the catalogue has more than `params.max_items` items.
        """
        check_trainable(data)
        check_catalogue(self.name, len(data.item_ids), self.params.max_items)
        events, params = events_of(data), self.params
        follows = transitions(events, len(data.item_ids), params.window, params.window_fade or params.fade)
        if not events.timed or params.both_ways:
            follows = csr_array(follows + follows.T)
        arrivals = np.asarray(follows.sum(axis=0), np.float32).ravel()
        follows.data /= (arrivals[follows.indices] + params.shrink) ** params.popularity_discount
        history = recent(events, data.seen.shape, params.last, params.fade) if events.timed else data.seen.copy()
        return FittedItemWeights(history, strongest_of_sparse(follows, params.top))


def transitions(events: Events, n_items: int, window: int, fade: float) -> csr_array:
    """How often the item of a column follows the item of a row by 1..window places, weighing exp(-(places - 1) / fade).

    Memory grows with the number of different pairs, at most `window` per event.
    """
    parts = [csr_array((n_items, n_items), dtype=np.float32)]
    for step in range(1, min(window, max(len(events) - 1, 0)) + 1):
        same = events.users[:-step] == events.users[step:]
        weights = np.full(int(same.sum()), np.exp(-(step - 1) / fade), np.float32)
        cells = (events.items[:-step][same], events.items[step:][same])
        parts.append(csr_array((weights, cells), shape=(n_items, n_items)))
    matrix: Any = csr_array(sum(parts[1:], parts[0]))
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    matrix.sum_duplicates()
    follows: csr_array = matrix
    return follows
