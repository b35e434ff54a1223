"""The fitted form of whatever ranks at training time: each user's best items in order, then the most popular."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, Rows, Scores


@dataclass(frozen=True)
class FittedRankedLists:
    """Answering is a look-up, so a ranking of any cost is served in microseconds without the libraries behind it.

    Attributes:
        lists: item rows, best first, (n_users, depth) int32; -1 ends a short list, and a stranger's is all -1.
        values: their scores, (n_users, depth) float32, falling along a row, all above 1.
        counts: popularity per item, (n_items,) float32, for what is not in a list.
        method: how the order came about, such as ranker or blend.
    """

    lists: Rows
    values: Scores
    counts: Scores
    method: str

    form: ClassVar[str] = "ranked_lists"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return len(self.lists)

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return len(self.counts)

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); items outside a user's list get less than 1."""
        scores = np.repeat(self._tail[None], len(users), axis=0)
        for row, user in enumerate(users.tolist()):
            listed = self.lists[user] >= 0
            scores[row, self.lists[user][listed]] = self.values[user][listed]
        return scores

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        listed = (self.lists[user] >= 0) & ~np.isin(self.lists[user], exclude)
        if listed.sum() >= k:
            return Ranking(self.lists[user][listed][:k], self.values[user][listed][:k])
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    @cached_property
    def _tail(self) -> Scores:
        return np.asarray(self.counts / (self.counts.max(initial=0) + 1), np.float32)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays = {"lists": self.lists, "values": self.values, "counts": self.counts}
        write_arrays(folder, {"form": self.form, "method": self.method}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        lists, values, counts = (read_array(folder, name) for name in ("lists", "values", "counts"))
        return cls(lists, values, counts, read_header(folder)["method"])


def ranked_lists(items: Rows, scores: NDArray[np.floating], depth: int) -> tuple[Rows, Scores]:
    """The best `depth` of each row of candidates, as `lists` and `values` of `FittedRankedLists`.

    Args:
        items: candidates, (n_users, n_candidates), -1 where there are fewer.
        scores: their scores, of any range; equal ones are ordered by item row.
    """
    missing = items < 0
    low = np.where(missing, np.inf, scores).min(initial=np.inf, axis=1, keepdims=True)
    shifted = np.where(missing, -np.inf, scores - np.where(np.isfinite(low), low, 0) + 2).astype(np.float32)
    order = np.lexsort((items, -shifted), axis=1)[:, :depth]
    lists = np.take_along_axis(items, order, axis=1).astype(np.int32)
    values = np.take_along_axis(shifted, order, axis=1)
    return lists, np.where(lists < 0, np.nan, values).astype(np.float32)
