"""Cuts training data once more, so that whatever is learnt or chosen never sees the part that it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.events import chosen, events_of, ones, positions, with_events
from components.recommenders.protocol import TrainingData

SHARE = 0.2
"""Of each user's interactions, the part that one cut asks for."""
STEP = 0.1
"""How much earlier each cut is than the one before."""
FOLDS = 4
SHORT = (1, 2, 4)
"""Interactions that users cut short have left."""


@dataclass(frozen=True)
class InnerSplit:
    """What is known, and what was liked next and not met before: float32 ones, (n_users, n_items).

    `overlaps_first` says that the first cut asks for some of the same, so that what is learnt here must not be judged
    there.
    """

    known: TrainingData
    wanted: csr_array
    overlaps_first: bool = False


def inner_splits(data: TrainingData, kind: Literal["latest", "random"], n_splits: int, seed: int) -> list[InnerSplit]:
    """At most `n_splits` cuts of `data`, the one most like the real task first; those that ask for nothing are gone.

    `latest` cuts each user's history after 80, 70, 60 … % of it and asks for the next 20 %.
    `random` cuts each item's users into four parts and asks for one.
    Data without times is always cut at random.
    """
    if kind == "latest" and events_of(data).timed:
        steps = [step for step in range(n_splits) if 1 - SHARE - STEP * step > STEP / 2]
        splits = [
            replace(_latest(data, 1 - SHARE - STEP * step), overlaps_first=0 < STEP * step < SHARE - 1e-9)
            for step in steps
        ]
    else:
        splits = [_fold(data, fold, seed) for fold in range(min(n_splits, FOLDS))]
    return [split for split in splits if split.wanted.nnz and split.known.positives.nnz]


def _latest(data: TrainingData, share: float) -> InnerSplit:
    place, size = positions(events_of(data))
    start = np.ceil(size * share - 1e-9)
    stop = np.ceil(size * (share + SHARE) - 1e-9)
    return _cut(data, place < start, (place >= start) & (place < stop))


def short_splits(data: TrainingData, n_splits: int, seed: int) -> list[InnerSplit]:
    """At most `n_splits` cuts that ask for what users liked of whom little is known, for a part of the users each.

    Every history is cut after 60 % of it; those of the users asked keep their latest 1, 2 or 4 interactions of that.
    What they ask for, the next 20 %, is nothing that the first cut of `inner_splits` asks for. Data without times have
    none.
    """
    events = events_of(data)
    if not events.timed:
        return []
    whole = _latest(data, 1 - 2 * SHARE)
    known, n_users = events_of(whole.known), len(data.user_ids)
    rng = np.random.default_rng(seed)
    part, left = rng.integers(0, max(n_splits, 2), n_users), rng.choice(SHORT, n_users)
    place, size = positions(known)
    splits = []
    for number in range(n_splits):
        short = part == number
        kept = ~short[known.users] | (place >= size - left[known.users])
        wanted = whole.wanted.multiply(short[:, None].astype(np.float32)).tocsr()
        wanted.eliminate_zeros()
        splits.append(InnerSplit(with_events(data, chosen(known, kept)), csr_array(wanted)))
    return [split for split in splits if split.wanted.nnz and split.known.positives.nnz]


def _fold(data: TrainingData, fold: int, seed: int) -> InnerSplit:
    events = events_of(data)
    draw = np.random.default_rng(seed).random(len(events))
    order = np.lexsort((draw, events.items))
    counts = np.bincount(events.items, minlength=len(data.item_ids))
    place, size = np.empty(len(events), np.int64), counts[events.items]
    place[order] = np.arange(len(events)) - np.repeat(np.cumsum(counts) - counts, counts)
    asked = (place >= np.round(size * fold / FOLDS)) & (place < np.round(size * (fold + 1) / FOLDS))
    return _cut(data, ~asked, asked)


def _cut(data: TrainingData, known: NDArray[np.bool_], asked: NDArray[np.bool_]) -> InnerSplit:
    events = events_of(data)
    rest = with_events(data, chosen(events, known))
    later = chosen(events, asked & events.liked)
    wanted = ones(later.users, later.items, data.seen.shape)
    wanted = csr_array(wanted - wanted.multiply(rest.seen))
    wanted.eliminate_zeros()
    return InnerSplit(rest, wanted)
