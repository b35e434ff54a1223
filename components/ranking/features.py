"""What the learned ranker sees of each candidate of one user, computed by this code alone, for training and answers.

Apart from the scores of the candidate generators and of what is disliked together, everything was known at the user's
last interaction. Little counts how much data there is, because the ranker is trained on parts of the data and applied
to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from components.ranking.era import EraTransitions
from components.ranking.feature_groups import GroupName, make_groups
from components.ranking.item_log import DAY, WINDOWS, YEAR_DAYS, ItemLog, ItemsThen
from components.ranking.label_log import LabelLog
from components.ranking.places import PlaceTables
from components.ranking.value_model import prices_of
from components.recommenders.events import events_of
from components.recommenders.history import History
from components.recommenders.protocol import NUMBERS, YEAR, Rows, Scores, TrainingData

Numbers = NDArray[np.float64]
LAST = 10
FEW = 20
"""Interactions of a user that are counted: it tells the cold from the warm, not a part of the data from all of it."""
TRENDS = (30, 365)
"""Of the windows of popularity, those that are held against popularity ever."""
FADES = (180, 1000)
"""Days over which what followed an item fades by 1/e."""


class FeatureMaker:
    """Holds what features are looked up in, and prices; the history is all that differs between users.

    A history's moment is its last interaction, or the last one of the data where that is later: nothing is known of
    what came after. Where no more than the order of a user's interactions is known, everything was known.

    Args:
        groups: what is looked at besides; see `components/ranking/feature_groups.py`.
    """

    def __init__(self, data: TrainingData, groups: Sequence[GroupName] = ()) -> None:
        events, n_items = events_of(data), len(data.item_ids)
        self.n_items = n_items
        self._log = ItemLog(events, n_items)
        self._repeats = data.repeats
        self._ordered, self._dated = events.timed, events.dated
        self._labels = LabelLog(data.item_labels, events, self._log.start, self._log.span)
        numbers = data.item_numbers
        numbers = np.empty((n_items, 0), np.float32) if numbers is None else numbers
        columns = zip(NUMBERS, numbers.T, strict=False)
        self._numbers = {name: values.astype(np.float64) for name, values in columns if np.isfinite(values).any()}
        self._era = EraTransitions(events, n_items) if self._ordered else None
        self._places = PlaceTables(n_items)
        self._after = float(events.seconds.max(initial=0)) + 1
        self._groups = make_groups(groups, data, self._log, self._labels)
        self.prices = prices_of(data)

    @property
    def groups(self) -> tuple[GroupName, ...]:
        """The groups that the data have something for."""
        return tuple(self._groups)

    def table(self, history: History, items: Rows, scores: Mapping[str, Scores]) -> dict[str, NDArray[np.floating]]:
        """Features by name, each (len(items),), for somebody with at least one interaction.

        Args:
            items: candidates.
            scores: by generator, standardised, of the candidates.
        """
        log, now = self._log, self.moment_of(history)
        names, values = list(scores), np.array(list(scores.values()), np.float64).reshape(len(scores), len(items))
        table: dict[str, NDArray[np.floating]] = {f"score of {name}": values[row] for row, name in enumerate(names)}
        ranks = np.log1p(_ranks(values))
        table |= {f"rank by {name}": ranks[row] for row, name in enumerate(names)}
        table["mean score"], table["spread of scores"] = values.mean(axis=0), values.std(axis=0)
        met, last = history.met, history.items[-LAST:] if self._ordered else history.met
        then = log.then(items, now)
        table |= self._popularity(then, met, last, now)
        for name, column in self._numbers.items():
            here = column[items]
            table[f"{name}: against own mean"] = here - _known_mean(column[met])
            near = here - _known_mean(column[last])
            table[f"{name}: against the last {LAST}"] = near
            table[f"{name}: distance from the last {LAST}"] = np.abs(near)
        if self._labels.n_labels:
            table |= self._likeness(history, met, last, items, log.clipped(now))
        table[f"interactions, up to {FEW}"] = np.full(len(items), np.log1p(min(len(history), FEW)))
        if self._repeats:
            table |= _meetings(history, items, self.n_items, now, self._ordered, self._dated)
        if self._ordered:
            table |= self._order(history, then, items, now)
        if self._dated:
            table |= self._time(then, items, now)
            table |= {name: np.full(len(items), value) for name, value in _habits(history, now).items()}
        for group in self._groups.values():
            table |= group.table(history, items, now)
        return table

    def moment_of(self, history: History) -> float:
        """When the user was last seen, seconds since 1970, as far as the data reach."""
        return float(min(history.seconds[-1], self._log.end))

    def _popularity(self, then: ItemsThen, met: Rows, last: Rows, now: float) -> dict[str, NDArray[np.floating]]:
        here = np.log1p(then.known)
        own = np.log1p(self._log.known(met, now))
        own_last = own if last is met else np.log1p(self._log.known(last, now))
        table = {
            "popularity: against own mean": here - own.mean(),
            f"popularity: against the last {LAST}": here - own_last.mean(),
            "share of likes": (then.liked + 2) / (then.known + 4),
            "mean value": then.value,
        }
        if self._dated:
            ever = (then.known + 0.5) / (then.known_all + 50)
            of_late = (then.lately + 0.5) / (then.lately_all + 50)[:, None]
            popular = np.log(of_late)
            for row, days in enumerate(WINDOWS):
                table[f"popularity: last {days} days"] = popular[row]
                if days in TRENDS:
                    table[f"trend: last {days} days"] = popular[row] - np.log(ever)
        return table

    def _likeness(
        self, history: History, met: Rows, last: Rows, items: Rows, moment: int
    ) -> dict[str, NDArray[np.floating]]:
        """What the candidates' labels say of them, by what the user met and liked of those labels."""
        labels, likes = self._labels, history.likes
        everybodys = labels.usual(moment)
        all_met, all_last, all_liked = labels.counted(met), labels.counted(last), labels.counted(likes)
        whole = len(likes) / len(met)
        columns = [
            _unit(labels.counted(likes, scaled=True)),
            _unit(labels.counted(last, scaled=True)),
            _leaning(all_met, everybodys),
            _leaning(all_last, everybodys),
            (all_liked + 2 * whole) / (all_met + 2),
        ]
        sums, sizes = labels.sums(items, np.column_stack(columns))
        similar, means = sums[:, :2] / np.sqrt(sizes)[:, None], sums[:, 2:] / sizes[:, None]
        return {
            "labels: similarity to liked": similar[:, 0],
            f"labels: similarity to last {LAST}": similar[:, 1],
            "labels: against everybody's, all": means[:, 0],
            f"labels: against everybody's, last {LAST}": means[:, 1],
            "labels: share of likes": means[:, 2],
        }

    def _order(self, history: History, then: ItemsThen, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:
        """Where in their histories users meet an item, and what follows the user's last items."""
        here = np.log1p(len(history))
        table: dict[str, NDArray[np.floating]] = {"place in histories, ever": then.place - here}
        if self._dated:
            table[f"place in histories, last {YEAR_DAYS} days"] = then.place_of_year - here
        assert self._era is not None  # noqa: S101 there is an order
        fades = [days * DAY for days in FADES] if self._dated else [np.inf]
        moment = now if self._dated else self._after
        with self._places.of(items) as place_of:
            follows = self._era.follows(history, moment, items, place_of, fades)
        for fade, amount in zip(fades, follows, strict=True):
            name = f"follows the last {LAST}" + (f", fading over {fade // DAY} days" if self._dated else "")
            table[name] = np.log(amount + 0.05)
            table[f"{name}, for its popularity"] = amount / (then.known + 1) ** 0.4
        return table

    def _time(self, then: ItemsThen, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:
        """How old items are, and how long nobody has met them."""
        age, since = (now - then.first) / DAY, (now - then.latest) / DAY
        met_before = np.isfinite(since)
        table: dict[str, NDArray[np.floating]] = {
            "age of item in days": np.where(age >= 0, age, np.nan),
            "days since anybody met it": np.where(met_before, np.log1p(np.where(met_before, since, 0)), np.nan),
            "met per day": np.log((then.known + 1) / np.maximum(age, 1)),
        }
        if YEAR in self._numbers:
            table["years old"] = 1970 + now / (365.25 * DAY) - self._numbers[YEAR][items]
        return table


def stacked(table: Mapping[str, NDArray[np.floating]], names: tuple[str, ...]) -> Scores:
    """The features `names` as columns, (n_candidates, n_features) float32."""
    n_rows = len(next(iter(table.values())))
    rows = np.empty((n_rows, len(names)), np.float32)
    for column, name in enumerate(names):
        rows[:, column] = table[name]
    return rows


def _ranks(values: Numbers) -> Numbers:
    """The place of each candidate by its score, from 0, equal scores in the order given; same shape as `values`."""
    order = np.argsort(-values, axis=1, kind="stable")
    ranks = np.empty(values.shape)
    ranks[np.arange(len(values))[:, None], order] = np.arange(float(values.shape[1]))
    return ranks


def _known_mean(values: Numbers) -> float:
    """The mean of the values that are known; NaN where none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _unit(vector: Numbers) -> Numbers:
    return vector / max(float(np.sqrt(vector @ vector)), 1e-9)


def _leaning(mine: Numbers, everybodys: Numbers) -> Numbers:
    """How much more often than everybody the user meets each label: log ratio of shares."""
    own, usual = (counts / max(float(counts.sum()), 1e-9) for counts in (mine, everybodys))
    return np.log((own + 0.02) / (usual + 0.02))


def _meetings(
    history: History, items: Rows, n_items: int, now: float, ordered: bool, dated: bool
) -> dict[str, NDArray[np.floating]]:
    """How often the user met and liked each candidate before, and how long and how many interactions ago; NaN where
    they never did."""
    times = np.bincount(history.items, minlength=n_items)[items]
    likes = np.bincount(history.items[history.liked], minlength=n_items)[items]
    table: dict[str, NDArray[np.floating]] = {
        "times that the user met it": np.log1p(times),
        "times that the user liked it": np.log1p(likes),
    }
    if ordered:
        last = np.full(n_items, -1)
        last[history.items] = np.arange(len(history))  # of equal places the last one stays
        place = last[items]
        met = place >= 0
        back = np.where(met, len(history) - 1 - place, np.nan)
        table["interactions since the user met it"] = np.log1p(back)
        if dated:
            days = np.where(met, (now - history.seconds[np.maximum(place, 0)]) / DAY, np.nan)
            table["days since the user met it"] = np.log1p(np.maximum(days, 0))
    return table


def _habits(history: History, now: float) -> dict[str, float]:
    """How long the user is active, how much fell into the last day, and how often they like."""
    n = len(history)
    last_day = n - int(np.searchsorted(history.seconds, now - DAY, side="right"))
    return {
        "days active": max(now - float(history.seconds[0]), 0) / DAY,
        "events in the last day": float(np.log1p(last_day)),
        "share of the last day": last_day / n,
        "share that the user likes": float(history.liked.sum()) / n,
    }
