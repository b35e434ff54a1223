"""Cuts histories into stretches of some length, anew for each epoch, and lays those of like length together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.neural.tokens import gaps_of, marks_of
from components.recommenders.protocol import Events

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Stretches of histories, each (n, width); the first place of all but `asked` and `wanted` stands for the start.

    Attributes:
        items, marks, gaps: what was met before each place, 0 where there is nothing.
        wanted: the item that came at each place.
        asked: where `wanted` was liked, which alone is learnt from.
    """

    items: Places
    marks: Places
    gaps: Places
    wanted: Places
    asked: NDArray[np.bool_]


class HistoryWindows:
    """The stretches of `events`, of at most `length` interactions before the last wanted one."""

    def __init__(self, events: Events, length: int) -> None:
        self._events, self._length = events, length
        self._marks = marks_of(events.liked, events.kinds)
        self._gaps = gaps_of(events.seconds)
        self._offsets = np.flatnonzero(np.r_[True, events.users[1:] != events.users[:-1], True])

    def batches(self, tokens: int, rng: np.random.Generator) -> Iterator[Batch]:
        """All of them once, in batches of about `tokens` places, in any order."""
        starts, stops = self._cut(rng)
        sizes = stops - starts
        order = np.argsort(sizes + rng.random(len(sizes)), kind="stable")
        groups: list[Places] = []
        group: list[int] = []
        for place in order.tolist():
            width = int(sizes[place])
            if group and (len(group) + 1) * width > tokens:
                groups.append(np.array(group))
                group = []
            group.append(place)
        groups.append(np.array(group))
        for at in rng.permutation(len(groups)).tolist():
            batch = self._batch(starts[groups[at]], stops[groups[at]])
            if batch.asked.any():
                yield batch

    def _cut(self, rng: np.random.Generator) -> tuple[Places, Places]:
        starts: list[int] = []
        stops: list[int] = []
        most = self._length + 1
        for start, stop in zip(self._offsets[:-1].tolist(), self._offsets[1:].tolist(), strict=True):
            first = start + (int(rng.integers(1, most + 1)) if stop - start > most else most)
            edges = [start, *range(first, stop, most), stop]
            starts += edges[:-1]
            stops += edges[1:]
        return np.array(starts), np.array(stops)

    def _batch(self, starts: Places, stops: Places) -> Batch:
        events = self._events
        at = starts[:, None] + np.arange(int((stops - starts).max()))
        there = at < stops[:, None]
        at = np.minimum(at, len(events) - 1)
        before = np.maximum(at - 1, 0)
        known = there.copy()
        known[:, 0] = False
        gaps = np.where(known, self._gaps[before], 0).astype(np.int64)
        gaps[:, 1:2] = 0
        return Batch(
            np.where(known, events.items[before], 0).astype(np.int64),
            np.where(known, self._marks[before], 0).astype(np.int64),
            gaps,
            events.items[at].astype(np.int64),
            there & events.liked[at],
        )
