"""What a recommender offers that can answer from interactions it was not trained on, without training again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.protocol import Rows, Scores


@dataclass(frozen=True, slots=True)
class RecentHistory:
    """Item rows that a user met since training, each once, the latest last: all of them, and those that they like."""

    seen: Rows
    liked: Rows


NO_NEWS = RecentHistory(np.empty(0, np.int32), np.empty(0, np.int32))


@runtime_checkable
class FoldsIn(Protocol):
    """A fitted recommender that takes a user's new interactions into account at request time."""

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:
        """Scores of every item, (n_items,), for somebody with at least one new like; higher is better.

        Args:
            user: the row of the user if training knows them; None for a stranger.
            n_known: how many interactions training knows of them, which weigh against the new ones.
        """
        ...


def scores_of_rows(matrix: csr_array, rows: Rows) -> Scores:
    """The fold-in of every item-to-item model: what having met each of `rows` adds to every item's score, (n_items,).

    `matrix` is (n_items, n_items) with a row per item met, as in scores = user_items @ matrix (EASE, co-occurrence,
    cosine, lift, transitions). A known user's new interactions are added to their trained scores in the same way.
    """
    parts = [slice(matrix.indptr[row], matrix.indptr[row + 1]) for row in rows.tolist()]
    if not parts:
        return np.zeros(matrix.shape[1], np.float32)
    columns = np.concatenate([matrix.indices[part] for part in parts])
    values = np.concatenate([matrix.data[part] for part in parts])
    return np.bincount(columns, weights=values, minlength=matrix.shape[1]).astype(np.float32)


def blended_scores(rows: Sequence[Scores]) -> Scores:
    """The mean of the z-scores of each recommender's scores of every item, (n_items,); a single row stays as it is.

    Standardising makes models of different scales count the same; one that scores all items alike adds nothing.
    """
    if len(rows) == 1:
        return rows[0]
    total = np.zeros(len(rows[0]), np.float32)
    for scores in rows:
        spread = scores.std()
        if spread > 0:
            total += (scores - scores.mean()) / (spread * len(rows))
    return total
