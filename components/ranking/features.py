"""What the learned ranker sees of each candidate of each user.

Apart from the scores of the candidate generators, everything was known at the user's last interaction. Little counts
how much data there is, because the ranker is trained on parts of the data and applied to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.ranking.context import DAY, WINDOWS, YEAR_DAYS, RankingContext, context_of
from components.ranking.era import EraTransitions
from components.recommenders.content import label_matrix
from components.recommenders.events import events_of, recent
from components.recommenders.protocol import NUMBERS, YEAR, Events, Rows, Scores, TrainingData

Table = NDArray[np.floating]
LAST = 10
FEW = 20
"""Interactions of a user that are counted: it tells the cold from the warm, not a part of the data from all of it."""
TRENDS = (30, 365)
"""Of the windows of popularity, those that are held against popularity ever."""
FADES = (180, 1000)
"""Days over which what followed an item fades by 1/e."""


class FeatureMaker:
    """Holds what the features of one set of training data need; see `table`."""

    def __init__(self, data: TrainingData) -> None:
        self._context: RankingContext = context_of(data)
        events, shape = events_of(data), data.seen.shape
        self._timed = bool(self._context.lately)
        self._seen = data.seen
        self._last = recent(events, shape, LAST, 1e9) if events.timed else data.seen
        self._positives = data.positives
        labels = label_matrix(data.item_labels, tuple(sorted({label for row in data.item_labels for label in row})))
        self._flags = labels.copy()
        lengths = np.sqrt(np.maximum(np.diff(labels.indptr), 1))
        labels.data /= np.repeat(lengths, np.diff(labels.indptr)).astype(np.float32)
        self._labels = labels
        numbers = data.item_numbers
        numbers = np.empty((shape[1], 0), np.float32) if numbers is None else numbers
        columns = zip(NUMBERS, numbers.T, strict=False)
        self._numbers = {name: values for name, values in columns if np.isfinite(values).any()}
        self._habits = _habits(events, self._context.now)
        self._n_seen = np.bincount(events.users, minlength=shape[0])
        self._era = EraTransitions(events, shape[1]) if self._timed else None

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
        for name, values in self._numbers.items():
            table[f"{name}: against own mean"] = values[items] - _mean_of(seen, values)[:, None]
            near = values[items] - _mean_of(last, values)[:, None]
            table[f"{name}: against the last {LAST}"] = near
            table[f"{name}: distance from the last {LAST}"] = np.abs(near)
        if self._labels.shape[1]:
            for name, history in (("liked", self._positives[users]), (f"last {LAST}", last)):
                table[f"labels: similarity to {name}"] = self._similarity(history, items)
            usual = np.asarray((self._flags.T @ self._context.known[self._context.moment[users]].T).T, np.float64)
            for name, history in (("all", seen), (f"last {LAST}", last)):
                table[f"labels: against everybody's, {name}"] = self._leaning(history, usual, items)
            table["labels: share of likes"] = self._liked(seen, self._positives[users], items)
        few = np.log1p(np.minimum(self._n_seen[users], FEW))
        table[f"interactions, up to {FEW}"] = np.broadcast_to(few[:, None], items.shape)
        if self._timed:
            table |= self._time(users, items)
            for name, values in self._habits.items():
                table[name] = np.broadcast_to(values[users][:, None], items.shape)
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
            "mean value": np.take_along_axis(context.values[moment], items, axis=1),
        }
        for days, counts in zip(WINDOWS, context.lately, strict=False):
            lately = counts[moment]
            of_late = (np.take_along_axis(lately, items, axis=1) + 0.5) / (lately.sum(axis=1) + 50)[:, None]
            ever = (np.take_along_axis(known, items, axis=1) + 0.5) / (known.sum(axis=1) + 50)[:, None]
            table[f"popularity: last {days} days"] = np.log(of_late)
            if days in TRENDS:
                table[f"trend: last {days} days"] = np.log(of_late / ever)
        return table

    def _time(self, users: NDArray[np.integer], items: Rows) -> dict[str, Table]:
        """Ages, where in their histories users meet an item, and what follows the user's last items."""
        context = self._context
        moment, now = context.moment[users], context.now[users]
        age = (now[:, None] - context.first[items]) / DAY
        since = (now[:, None] - np.take_along_axis(context.latest[moment], items, axis=1)) / DAY
        known = np.take_along_axis(context.known[moment], items, axis=1)
        table = {
            "age of item in days": np.where(age >= 0, age, np.nan),
            "days since anybody met it": np.where(np.isfinite(since), np.log1p(np.maximum(since, 0)), np.nan),
            "met per day": np.log((known + 1) / np.maximum(age, 1)),
        }
        here = np.log1p(self._n_seen[users])[:, None]
        for name, places in zip(("ever", f"last {YEAR_DAYS} days"), context.places, strict=True):
            table[f"place in histories, {name}"] = np.take_along_axis(places[moment], items, axis=1) - here
        if YEAR in self._numbers:
            table["years old"] = 1970 + now[:, None] / (365.25 * DAY) - self._numbers[YEAR][items]
        assert self._era is not None  # noqa: S101 there are times
        for days in FADES:
            follows = self._era.table(users, now, items, days * DAY)
            table[f"follows the last {LAST}, fading over {days} days"] = np.log(follows + 0.05)
            table[f"follows the last {LAST}, fading over {days} days, for its popularity"] = (
                follows / (known + 1) ** 0.4
            )
        return table

    def _liked(self, seen: csr_array, liked: csr_array, items: Rows) -> Table:
        """How much of what shares the item's labels the user liked, drawn towards all that they liked."""
        met, likes = (np.asarray((rows @ self._flags).toarray(), np.float64) for rows in (seen, liked))
        whole = np.asarray(liked.sum(axis=1) / np.maximum(seen.sum(axis=1), 1), np.float64).reshape(-1, 1)
        rates = (likes + 2 * whole) / (met + 2)
        total = np.asarray((self._flags @ rates.T).T) / np.maximum(np.diff(self._flags.indptr), 1)
        return np.take_along_axis(total, items, axis=1)

    def _leaning(self, history: csr_array, usual: NDArray[np.float64], items: Rows) -> Table:
        """How much more often than everybody the user meets what shares the item's labels: mean log ratio of shares.

        `usual` counts what everybody met by label until then, (n_users, n_labels).
        """
        mine = np.asarray((history @ self._flags).toarray(), np.float64)
        shares, everybodys = (rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9) for rows in (mine, usual))
        ratio = np.log((shares + 0.02) / (everybodys + 0.02))
        total = np.asarray((self._flags @ ratio.T).T) / np.maximum(np.diff(self._flags.indptr), 1)
        return np.take_along_axis(total, items, axis=1)

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


def _habits(events: Events, now: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Of each user how long they are active, how much fell into the last day, and how often they like, (n_users,)."""
    n_users = len(now)
    count = np.maximum(np.bincount(events.users, minlength=n_users), 1)
    first = np.full(n_users, np.inf)
    np.minimum.at(first, events.users, events.seconds.astype(float))
    last_day = np.bincount(events.users, now[events.users] - events.seconds < DAY, n_users)
    return {
        "days active": np.where(np.isfinite(first), (now - first) / DAY, 0),
        "events in the last day": np.log1p(last_day),
        "share of the last day": last_day / count,
        "share that the user likes": np.bincount(events.users, events.liked, n_users) / count,
    }
