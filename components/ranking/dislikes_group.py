"""What the user met and did not like: what is disliked with it, and what shares its labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.ranking.label_log import LabelLog
from components.recommenders.events import chosen, ones
from components.recommenders.history import History
from components.recommenders.item_weights import strongest_of_sparse
from components.recommenders.protocol import Events, Rows

TOP, SHRINK = 100, 5.0
"""Items that each speaks for, and what is added to the sizes by which common dislikes are divided."""
LAST = 10


class DislikesGroup:
    """Of interactions that are not liked: ratings below the threshold, and explicit dislikes."""

    def __init__(self, events: Events, n_items: int, labels: LabelLog) -> None:
        self._labels = labels
        not_liked = chosen(events, ~events.liked)
        n_users = int(events.users.max(initial=-1)) + 1
        matrix = ones(not_liked.users, not_liked.items, (n_users, n_items))
        common = csr_array(matrix.T @ matrix)
        common.setdiag(0)
        common.eliminate_zeros()
        sizes = np.sqrt(np.bincount(not_liked.items, minlength=n_items) + SHRINK)
        pairs = np.repeat(sizes, np.diff(common.indptr)) * sizes[common.indices]
        common.data = (common.data / pairs).astype(np.float32)
        self._weights = strongest_of_sparse(common, TOP)

    def table(self, history: History, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:  # noqa: ARG002
        """See `FeatureGroup`."""
        unliked = np.unique(history.items[~history.liked])
        starts, stops = self._weights.indptr[unliked], self._weights.indptr[unliked + 1]
        parts = [slice(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        columns = np.concatenate([np.empty(0, np.int32), *(self._weights.indices[part] for part in parts)])
        values = np.concatenate([np.empty(0, np.float32), *(self._weights.data[part] for part in parts)])
        near = np.bincount(columns, values, self._weights.shape[0])[items]
        table: dict[str, NDArray[np.floating]] = {
            "dislikes: disliked with the user's": near / np.sqrt(len(unliked) + 1),
            f"dislikes: share of the last {LAST}": np.full(len(items), float((~history.liked[-LAST:]).mean())),
        }
        if self._labels.n_labels:
            counted = self._labels.counted(unliked, scaled=True)
            unit = counted / max(float(np.sqrt(counted @ counted)), 1e-9)
            sums, sizes = self._labels.sums(items, unit[:, None])
            table["dislikes: labels of the user's"] = sums[:, 0] / np.sqrt(sizes)
        return table
