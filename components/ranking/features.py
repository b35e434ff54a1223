"""What the learned ranker sees of each candidate of each user.

Apart from the scores of the candidate generators, everything was known at the user's last interaction. Nothing counts
how much data there is, because the ranker is trained on parts of the data and applied to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.ranking.context import DAY, WINDOWS, Context, context_of
from components.recommenders.content import label_matrix
from components.recommenders.events import events_of, recent
from components.recommenders.protocol import Rows, Scores, TrainingData

Table = NDArray[np.floating]
LAST = 10


class FeatureMaker:
    """Holds what the features of one set of training data need; see `table`."""

    def __init__(self, data: TrainingData) -> None:
        self._context: Context = context_of(data)
        events, shape = events_of(data), data.seen.shape
        self._timed = bool(self._context.lately)
        self._seen = data.seen
        self._last = recent(events, shape, LAST, 1e9) if events.timed else data.seen
        self._positives = data.positives
        labels = label_matrix(data.item_labels, tuple(sorted({label for row in data.item_labels for label in row})))
        lengths = np.sqrt(np.maximum(np.diff(labels.indptr), 1))
        labels.data /= np.repeat(lengths, np.diff(labels.indptr)).astype(np.float32)
        self._labels = labels
        numbers = data.item_numbers
        self._numbers = np.empty((shape[1], 0), np.float32) if numbers is None else numbers
        self._numbers = self._numbers[:, np.isfinite(self._numbers).any(axis=0)]
        self._span = _span_days(data)

    def table(self, users: NDArray[np.integer], items: Rows, scores: Mapping[str, Scores]) -> dict[str, Table]:
        """Features by name, each (len(users), n_candidates).

        Args:
            items: candidates, (len(users), n_candidates).
            scores: by generator, standardised per user, of the candidates, same shape.
        """
        table: dict[str, Table] = {f"score of {name}": values for name, values in scores.items()}
        mean = np.mean(list(scores.values()), axis=0)
        table |= {f"rank by {name}": np.log1p(_ranks(values)) for name, values in scores.items()}
        table["mean score"] = np.asarray(mean, np.float32)
        table["spread of scores"] = np.std(list(scores.values()), axis=0)
        table |= self._popularity(users, items)
        seen, last = self._seen[users], self._last[users]
        for place in range(self._numbers.shape[1]):
            values = self._numbers[:, place]
            table[f"number {place}: against own mean"] = values[items] - _mean_of(seen, values)[:, None]
            near = values[items] - _mean_of(last, values)[:, None]
            table[f"number {place}: against the last {LAST}"] = near
            table[f"number {place}: distance from the last {LAST}"] = np.abs(near)
        if self._labels.shape[1]:
            for name, history in (("liked", self._positives[users]), (f"last {LAST}", last)):
                table[f"labels: similarity to {name}"] = self._similarity(history, items)
        if self._timed:
            table["days active"] = np.broadcast_to(self._span[users][:, None], items.shape)
        return {name: np.asarray(values, np.float32) for name, values in table.items()}

    def _popularity(self, users: NDArray[np.integer], items: Rows) -> dict[str, Table]:
        context = self._context
        moment = context.moment[users]
        known = context.known[moment]
        share = np.log1p(known)
        here = np.take_along_axis(share, items, axis=1)
        table = {
            "popularity: against own mean": here - _mean_of_rows(self._seen[users], share)[:, None],
            f"popularity: against the last {LAST}": here - _mean_of_rows(self._last[users], share)[:, None],
            "share of likes": (np.take_along_axis(context.liked[moment], items, axis=1) + 2)
            / (np.take_along_axis(known, items, axis=1) + 4),
        }
        for days, counts in zip(WINDOWS, context.lately, strict=False):
            lately = counts[moment]
            of_late = (np.take_along_axis(lately, items, axis=1) + 0.5) / (lately.sum(axis=1) + 50)[:, None]
            ever = (np.take_along_axis(known, items, axis=1) + 0.5) / (known.sum(axis=1) + 50)[:, None]
            table[f"popularity: last {days} days"] = np.log(of_late)
            table[f"trend: last {days} days"] = np.log(of_late / ever)
        if self._timed:
            age = (context.now[users][:, None] - context.first[items]) / DAY
            table["age of item in days"] = np.where(age >= 0, age, np.nan)
        return table

    def _similarity(self, history: csr_array, items: Rows) -> Table:
        taste = np.asarray((history @ self._labels).toarray(), np.float32)
        taste /= np.maximum(np.linalg.norm(taste, axis=1, keepdims=True), 1e-9)
        return np.take_along_axis(np.asarray((self._labels @ taste.T).T, np.float32), items, axis=1)


def _ranks(values: Scores) -> NDArray[np.float64]:
    """The place of each candidate by its score, from 0, equal scores in the order given."""
    order = np.argsort(-values, axis=1, kind="stable")
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(float(values.shape[1])), values.shape), axis=1)
    return ranks


def _mean_of(rows: csr_array, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean of `values` over the items of each row, weighed by it, unknown ones left out; NaN where none is known."""
    known = np.isfinite(values)
    total = rows @ np.where(known, values, 0)
    count = rows @ known.astype(np.float64)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def _mean_of_rows(rows: csr_array, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """As `_mean_of` with values of each row's own, (n_rows, n_items); 0 for an empty row."""
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    total = np.bincount(owners, weights=rows.data * values[owners, rows.indices], minlength=rows.shape[0])
    weight = np.bincount(owners, weights=rows.data, minlength=rows.shape[0])
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)


def _span_days(data: TrainingData) -> NDArray[np.float64]:
    events, n_users = events_of(data), data.seen.shape[0]
    first, last = np.full(n_users, np.inf), np.full(n_users, -np.inf)
    np.minimum.at(first, events.users, events.seconds.astype(float))
    np.maximum.at(last, events.users, events.seconds.astype(float))
    return np.where(last >= first, (last - first) / DAY, 0)
