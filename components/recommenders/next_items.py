"""Ridge regression from what a user met lately to what they like soon after, at every step of every history.

The linear session model of Choi et al. (2021): with P the faded past and F the faded future of each step, the weights
are (P'P + λ)⁻¹ P'F.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from components.config.params import NextItems as NextItemsParams
from components.recommenders.events import events_of, positions, recent
from components.recommenders.item_weights import FittedItemWeights, check_catalogue, strongest
from components.recommenders.protocol import Events, TrainingData, check_trainable


@dataclass(frozen=True)
class NextItems:
    """Items with fewer than `params.min_interactions` take no part; long histories weigh less per step.

    Time grows with the cube, and memory with the square, of the number of items that take part.
    """

    params: NextItemsParams

    name: ClassVar[str] = "next_items"

    def fit(self, data: TrainingData, seed: int) -> FittedItemWeights:  # noqa: ARG002 nothing is drawn
        """Solve; `seed` is not used. Without times the past is everything else that a user met.

        Raises:
            RecommenderError: more than `params.max_items` items take part.
        """
        check_trainable(data)
        params, events, n_items = self.params, events_of(data), len(data.item_ids)
        counts = np.bincount(events.items, minlength=n_items)
        known = np.flatnonzero(counts >= min(params.min_interactions, counts.max()))
        check_catalogue(self.name, len(known), params.max_items)
        place, size = positions(events)
        past = _window(events, place, n_items, range(0, -params.past, -1), params.past_fade, liked=False)[:, known]
        future = _window(events, size - 1 - place, n_items, range(1, params.future + 1), params.future_fade, liked=True)
        weighted = past.copy()
        weighted.data = weighted.data / np.sqrt(np.repeat(size, np.diff(past.indptr)))
        gram = (weighted.T @ past).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += params.regularisation * max(float(np.diag(gram).mean()), 1e-9)
        solved = np.linalg.solve(gram, (weighted.T @ future[:, known]).toarray().astype(np.float64))
        np.fill_diagonal(solved, 0)
        kept = strongest(solved, params.top).tocoo()
        weights = csr_array((kept.data, (known[kept.row], known[kept.col])), shape=(n_items, n_items))
        return FittedItemWeights(recent(events, data.seen.shape, params.past, params.past_fade), weights)


def _window(events: Events, room: np.ndarray, n_items: int, steps: range, fade: float, *, liked: bool) -> csr_array:
    """Per event the items `steps` places away, fading; `room` is how many places of the user lie in that direction."""
    rows, columns, values = [], [], []
    for step in steps:
        at = np.flatnonzero(room >= abs(step))
        there = at + step
        if liked:
            at, there = at[events.liked[there]], there[events.liked[there]]
        rows.append(at)
        columns.append(events.items[there])
        values.append(np.full(len(at), np.exp(-abs(step) / fade), np.float32))
    cells = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_array((np.concatenate(values), cells), shape=(len(events), n_items))
    matrix.sum_duplicates()
    return matrix
