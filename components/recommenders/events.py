"""A user's interactions in order: counted, cut, weighed by how long ago they are, and turned into matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import Events, TrainingData

Counts = NDArray[np.int64]


def events_of(data: TrainingData) -> Events:
    """The events of `data`; where it has none, one without a time for each entry of `seen`, worth 1 when liked."""
    if data.events is not None:
        return data.events
    users = np.repeat(np.arange(data.seen.shape[0], dtype=np.int32), np.diff(data.seen.indptr))
    items = data.seen.indices.astype(np.int32)
    liked = np.asarray(data.positives[users, items]).ravel() > 0 if len(users) else np.zeros(0, np.bool_)
    order = np.lexsort((items, users))
    return Events(users[order], items[order], liked[order].astype(np.float32), liked[order], np.zeros(len(users), int))


def positions(events: Events) -> tuple[Counts, Counts]:
    """Of each event the place among its user's, from 0, and how many that user has."""
    if not len(events):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.r_[True, events.users[1:] != events.users[:-1]])
    sizes = np.diff(np.r_[starts, len(events)])
    return np.arange(len(events)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)


def chosen(events: Events, which: NDArray[np.bool_] | NDArray[np.integer]) -> Events:
    """The events where `which` is true, or at these places."""
    kinds = None if events.kinds is None else events.kinds[which]
    users, items, values, liked = events.users[which], events.items[which], events.values[which], events.liked[which]
    return Events(users, items, values, liked, events.seconds[which], kinds)


def joined(first: Events, second: Events) -> Events:
    """The events of both, those of `first` before the others."""
    kinds = None if first.kinds is None or second.kinds is None else np.concatenate([first.kinds, second.kinds])
    both = (np.concatenate(pair) for pair in zip(_columns(first), _columns(second), strict=True))
    return replace(Events(*both), kinds=kinds)


def _columns(events: Events) -> tuple[NDArray[np.generic], ...]:
    return events.users, events.items, events.values, events.liked, events.seconds


def with_events(data: TrainingData, events: Events) -> TrainingData:
    """`data` as if only `events` had happened."""
    liked = chosen(events, events.liked)
    shape = data.seen.shape
    return replace(
        data,
        events=events,
        positives=ones(liked.users, liked.items, shape),
        seen=ones(events.users, events.items, shape),
    )


def ones(users: NDArray[np.integer], items: NDArray[np.integer], shape: tuple[int, int]) -> csr_array:
    """Ones at the given cells, each once, float32, columns ascending."""
    matrix = csr_array((np.ones(len(users), np.float32), (users, items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def recent(events: Events, shape: tuple[int, int], last: int, fade: float) -> csr_array:
    """The `last` events of each user, the newest weighing 1 and each older one exp(-1/fade) of the next, float32."""
    place, size = positions(events)
    back = size - 1 - place
    near = back < last
    weights = np.exp(-back[near] / fade).astype(np.float32)
    matrix = csr_array((weights, (events.users[near], events.items[near])), shape=shape)
    matrix.sum_duplicates()
    return matrix
