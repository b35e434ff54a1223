"""Cuts training data once more, so that whatever is learnt or chosen never sees the part that it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.events import chosen, events_of, joined, ones, positions, with_events
from components.recommenders.protocol import Events, TrainingData

SHARE = 0.2
"""Of each user's interactions, the part that one cut asks for."""
STEP = 0.1
"""How much earlier each cut is than the one before."""
FOLDS = 4
SHORT = (1, 2, 4)
"""Interactions that a synthetic cold user has, of at most half a stretch."""
PARTS = 4
"""A quarter of the users become synthetic cold users at a time: generators need the others."""
SYNTHETIC_PER_USER = 3
"""Stretches of a history, each of which makes a synthetic cold user."""
LEAST = 10
"""Interactions of a user who can be made a synthetic cold user of."""


@dataclass(frozen=True)
class InnerSplit:
    """What is known, and what was liked next and not barred by that: float32 ones, (n_users, n_items).

    `overlaps_first` says that the first cut asks for some of the same, so that what is learnt here must not be judged
    there; `apart` that no cut of its kind does, each of which is as like the real task. `asked` is all that happened in
    the part that is asked for, None where that is not known.
    """

    known: TrainingData
    wanted: csr_array
    overlaps_first: bool = False
    asked: Events | None = None
    apart: bool = False


def few_users(data: TrainingData, max_interactions: int, seed: int) -> TrainingData:
    """`data` as if nothing were known of any but some users, drawn by lot, who have at most so many interactions.

    All of it where that is no more. Rows stay what they are.
    """
    events = events_of(data)
    if len(events) <= max_interactions:
        return data
    sizes = np.bincount(events.users, minlength=len(data.user_ids))
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    few = np.zeros(len(sizes), np.bool_)
    few[drawn[np.cumsum(sizes[drawn]) <= max_interactions]] = True
    return with_events(data, chosen(events, few[events.users]))


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


def short_splits(data: TrainingData, n_splits: int, max_users: int, seed: int) -> list[InnerSplit]:
    """At most `n_splits` cuts that ask for what users liked of whom little is known.

    Each takes a quarter of the users with at least `LEAST` interactions out, another each time, at most `max_users` /
    `SYNTHETIC_PER_USER` of them, and puts in synthetic cold users, as rows below the others. The first 80 % of such a
    history are cut into `SYNTHETIC_PER_USER` stretches: a synthetic cold user has the first 1, 2 or 4 interactions of
    one, and is asked for what the user liked in the rest of it and had not met before. So none of them knows what
    another is asked for, and nobody is asked for anything of the latest 20 %, which the first cut of `inner_splits`
    asks for. Data without times, and those in which people come back to items, have none.
    """
    events = events_of(data)
    if not events.timed or data.repeats:
        return []
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(np.flatnonzero(np.bincount(events.users, minlength=len(data.user_ids)) >= LEAST))
    firsts = _first_meetings(events)
    splits = []
    for number in range(min(n_splits, PARTS)):
        taken = np.sort(drawn[number::PARTS][: max(1, max_users // SYNTHETIC_PER_USER)])
        splits.append(_with_synthetic_cold_users(data, taken, firsts, rng))
    return [split for split in splits if split.wanted.nnz and split.known.positives.nnz]


def _with_synthetic_cold_users(
    data: TrainingData, taken: NDArray[np.int64], firsts: NDArray[np.int64], rng: np.random.Generator
) -> InnerSplit:
    """Without the users `taken`, and with synthetic cold users cut out of their histories."""
    events, n_users, n_items = events_of(data), len(data.user_ids), len(data.item_ids)
    models = np.repeat(taken, SYNTHETIC_PER_USER)
    stretch = np.tile(np.arange(SYNTHETIC_PER_USER), len(taken))
    begin = np.searchsorted(events.users, models)
    end = np.ceil((1 - SHARE) * np.bincount(events.users, minlength=n_users)[models] - 1e-9).astype(np.int64)
    start, stop = begin + end * stretch // SYNTHETIC_PER_USER, begin + end * (stretch + 1) // SYNTHETIC_PER_USER
    left = np.minimum(rng.choice(SHORT, len(models)), (stop - start) // 2)
    known, asked = _ranges(start, left), _ranges(start + left, stop - start - left)
    of_asked = np.repeat(np.arange(len(models)), stop - start - left)
    # What is met for the first time in this stretch, and never among what another of the same history knows.
    known_cells = np.repeat(models, left) * n_items + events.items[known]
    fresh = events.liked[asked] & (firsts[asked] >= (start + left)[of_asked])
    fresh &= ~np.isin(models[of_asked] * n_items + events.items[asked], known_cells)
    rows = n_users + np.arange(len(models))
    rest = chosen(events, ~np.isin(events.users, taken))
    theirs = replace(chosen(events, known), users=np.repeat(rows, left).astype(np.int32))
    whole = joined(rest, theirs)
    names = tuple(
        f"{data.user_ids[user]} as a synthetic cold user, {place}" for place, user in enumerate(models.tolist())
    )
    wanted = ones(rows[of_asked[fresh]], events.items[asked[fresh]], (n_users + len(models), n_items))
    traits = {name: np.concatenate([codes, codes[models]]) for name, codes in data.traits.items()}
    grown = replace(data, user_ids=data.user_ids + names, seen=wanted, positives=wanted, traits=traits)
    later = replace(chosen(events, asked), users=rows[of_asked].astype(np.int32))
    return InnerSplit(with_events(grown, whole), wanted, asked=later)


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """All integers of each range, one after the other."""
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(starts, lengths) + np.arange(int(lengths.sum())) - before


def _first_meetings(events: Events) -> NDArray[np.int64]:
    """Of each event where in `events` its user meets its item for the first time."""
    order = np.lexsort((np.arange(len(events)), events.items, events.users))
    users, items = events.users[order], events.items[order]
    begins = np.r_[True, (users[1:] != users[:-1]) | (items[1:] != items[:-1])]
    firsts = np.empty(len(events), np.int64)
    firsts[order] = order[begins][np.cumsum(begins) - 1]
    return firsts


def _fold(data: TrainingData, fold: int, seed: int) -> InnerSplit:
    events = events_of(data)
    draw = np.random.default_rng(seed).random(len(events))
    order = np.lexsort((draw, events.items))
    counts = np.bincount(events.items, minlength=len(data.item_ids))
    place, size = np.empty(len(events), np.int64), counts[events.items]
    place[order] = np.arange(len(events)) - np.repeat(np.cumsum(counts) - counts, counts)
    asked = (place >= np.round(size * fold / FOLDS)) & (place < np.round(size * (fold + 1) / FOLDS))
    return replace(_cut(data, ~asked, asked), apart=True)


def _cut(data: TrainingData, known: NDArray[np.bool_], asked: NDArray[np.bool_]) -> InnerSplit:
    events = events_of(data)
    rest = with_events(data, chosen(events, known))
    later = chosen(events, asked)
    wanted = ones(later.users[later.liked], later.items[later.liked], data.seen.shape)
    wanted = csr_array(wanted - wanted.multiply(rest.barred))
    wanted.eliminate_zeros()
    return InnerSplit(rest, wanted, asked=later)
