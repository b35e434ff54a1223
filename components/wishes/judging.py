"""Judges wishes on every item: holds, does not hold, or is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from components.wishes.facts import CatalogueFacts, Mask
from components.wishes.wish import ItemsWish, LabelWish, LikeWish, MeaningWish, RangeWish, TasteWish, ValueWish, Wish

Verdicts = NDArray[np.int8]
"""`HOLDS`, `UNKNOWN` or `FAILS` per item, (n_items,)."""
Scores = NDArray[np.float32]

HOLDS, UNKNOWN, FAILS = 1, 0, -1
FAR = 0.3
"""The share of the catalogue that counts as unlike what the asker knows: the items that resemble it least."""


class Resemblance(Protocol):
    """What wishes need to know beyond facts."""

    def to_items(self, rows: NDArray[np.int64]) -> Scores:
        """How much every item is like those of `rows`, (n_items,), from 0 to 1."""
        ...

    def to_asker(self) -> Scores | None:
        """How much every item is like what the asker met last, (n_items,); None where nothing is known of them."""
        ...

    def to_text(self, text: str) -> Scores | None:
        """How much every item has to do with `text`, (n_items,), from 0 to 1; None where nothing has."""
        ...


def judge(wish: Wish, facts: CatalogueFacts, resemblance: Resemblance) -> Verdicts:
    """Whether each item fulfils `wish`; one that orders without excluding holds everywhere."""
    if isinstance(wish, LabelWish):
        has = _labels(wish, facts)
        return _verdicts(has if wish.wanted else ~has, facts.labels.known)
    if isinstance(wish, ValueWish):
        tables = [facts.values[name] for name in wish.attributes if name in facts.values]
        has = np.logical_or.reduce([np.zeros(len(facts), bool), *(table.having(wish.values) for table in tables)])
        known = np.logical_or.reduce([np.zeros(len(facts), bool), *(table.known for table in tables)])
        return _verdicts(has if wish.wanted else ~has, known)
    if isinstance(wish, RangeWish):
        numbers = facts.numbers.get(wish.attribute, np.full(len(facts), np.nan))
        inside = within(numbers, wish.low, wish.high, wish.open)
        return _verdicts(inside if wish.wanted else ~inside, ~np.isnan(numbers))
    if isinstance(wish, ItemsWish):
        named = _rows_as_mask(facts, wish.items)
        return _verdicts(named if wish.wanted else ~named, np.ones(len(facts), bool))
    if isinstance(wish, LikeWish):
        return _alike(wish, facts)
    if isinstance(wish, TasteWish) and not wish.near:
        to_asker = resemblance.to_asker()
        if to_asker is None:
            return np.zeros(len(facts), np.int8)
        return _verdicts(to_asker <= np.quantile(to_asker, FAR), np.ones(len(facts), bool))
    return np.ones(len(facts), np.int8)


def leaning(wish: Wish, facts: CatalogueFacts, resemblance: Resemblance) -> Scores | None:
    """What a wish adds to the score of each item that may fulfil it, (n_items,), -1 to 1; None for nothing."""
    if isinstance(wish, LabelWish) and wish.wanted and len(wish.labels) > 1:
        carried: Scores = np.sum([facts.labels.having([label]) for label in wish.labels], axis=0, dtype=np.float32)
        return np.float32(0.3 / len(wish.labels)) * carried
    if isinstance(wish, LikeWish):
        return _signed(resemblance.to_items(facts.rows(wish.items)), wish.wanted)
    if isinstance(wish, TasteWish):
        to_asker = resemblance.to_asker()
        return None if to_asker is None else _signed(to_asker, wish.near)
    if isinstance(wish, MeaningWish):
        to_text = resemblance.to_text(wish.text)
        return None if to_text is None else _signed(np.float32(wish.weight) * to_text, wish.wanted)
    return None


def doubtful(wish: Wish, facts: CatalogueFacts) -> Mask | None:
    """The items that a refusal of several labels at once lets pass, though they carry one of them, (n_items,)."""
    if isinstance(wish, LabelWish) and wish.together and not wish.wanted:
        return facts.labels.having(wish.labels)
    return None


def _labels(wish: LabelWish, facts: CatalogueFacts) -> Mask:
    if not wish.together:
        return facts.labels.having(wish.labels)
    carried: Mask = np.all([facts.labels.having([label]) for label in wish.labels], axis=0)
    return carried


def within(numbers: NDArray[np.float64], low: float | None, high: float | None, is_open: bool = False) -> Mask:
    """The numbers from `low` to `high`, each end with its bound unless `is_open`; one that is not known is outside."""
    above: Callable[..., Mask] = np.greater if is_open else np.greater_equal
    below: Callable[..., Mask] = np.less if is_open else np.less_equal
    inside: Mask = ~np.isnan(numbers)
    if low is not None:
        inside &= above(numbers, low)
    if high is not None:
        inside &= below(numbers, high)
    return inside


def _alike(wish: LikeWish, facts: CatalogueFacts) -> Verdicts:
    """What is wished to be like an item shares a label with it, where it has any; never is it the item itself."""
    rows = facts.rows(wish.items)
    itself = np.zeros(len(facts), bool)
    itself[rows] = True
    if not wish.wanted:
        return _verdicts(~itself, np.ones(len(facts), bool))
    shared = np.asarray(facts.label_rows @ facts.label_rows[rows].sum(axis=0)).ravel() > 0
    if not facts.labels.known[rows].any():
        shared = np.ones(len(facts), bool)
    return _verdicts(shared & ~itself, facts.labels.known | itself)


def _rows_as_mask(facts: CatalogueFacts, ids: tuple[str, ...]) -> Mask:
    found = np.zeros(len(facts), bool)
    found[facts.rows(ids)] = True
    return found


def _verdicts(holds: Mask, known: Mask) -> Verdicts:
    return np.where(known, np.where(holds, HOLDS, FAILS), UNKNOWN).astype(np.int8)


def _signed(scores: Scores, wanted: bool) -> Scores:
    return scores if wanted else -scores
