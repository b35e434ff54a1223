"""Sums the log into windows: hours from the store where they are kept already, the rest in one pass over the rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from components.adapters.store.traffic.rollups import HOUR, Rollups
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.quality.log import Group, Names
from components.quality.relevance import Horizon, engage
from components.quality.roll_up import Cell, last_shown, request_ndcg, roll_up
from components.quality.sums import Sums, add_up
from monitoring.catalogue import WatchedCatalogue


@dataclass(frozen=True)
class Windows:
    """Consecutive windows, oldest first; one without traffic has no groups.

    Attributes:
        starts: seconds since 1970.
        groups: sums by group, one entry per window.
        ndcg: of each request of the newest window that was read in this pass; empty when it was kept already.
        last_shown: when each item was last shown, by id, in the rows of this pass or before; empty without a pass.
        read: rows that this pass read; `probes` of them were left out.
    """

    seconds: float
    starts: tuple[float, ...]
    groups: tuple[dict[Group, Sums], ...]
    ndcg: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    read: int = 0
    probes: int = 0
    last_shown: Mapping[str, float] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """Where the newest window ends."""
        return self.starts[-1] + self.seconds


@dataclass(frozen=True)
class Collector:
    """What the passes read from; `last_shown` is when items were last shown before the hours not summed yet."""

    log: TrafficLog
    rollups: Rollups
    catalogue: WatchedCatalogue
    horizon: Horizon
    last_shown: Mapping[str, float] = field(default_factory=dict)

    def windows(self, until: float, seconds: float, count: int) -> Windows:
        """The `count` windows of `seconds` before `until`, a multiple of `seconds`.

        Hours that are whole and past the horizon are summed once and kept; windows shorter than an hour are summed
        each time.
        """
        starts = tuple(until - seconds * (count - place) for place in range(count))
        if seconds % HOUR:
            summed = self._sum(starts[0], until, seconds, starts[-1])
            return Windows(
                seconds,
                starts,
                _by_window(summed.cells, starts, seconds),
                summed.ndcg,
                summed.read,
                summed.probes,
                summed.last_shown,
            )
        summed = self._keep_hours(until, starts[-1])
        kept = self.rollups.read(starts[0], until, self.horizon.seconds)
        return Windows(
            seconds,
            starts,
            _by_window(kept, starts, seconds),
            summed.ndcg,
            summed.read,
            summed.probes,
            summed.last_shown,
        )

    def values(self, start: float, end: float) -> NDArray[np.float64]:
        """NDCG of each request received from `start` until before `end`."""
        return self._sum(start, end, end - start, start).ndcg

    def _keep_hours(self, until: float, newest_start: float) -> _Summed:
        bounds = self.log.first_and_last()
        newest = self.rollups.newest_hour(self.horizon.seconds)
        if bounds is None:
            return _Summed()
        start = np.floor(bounds[0] / HOUR) * HOUR if newest is None else newest + HOUR
        if start >= until:
            return _Summed()
        summed = self._sum(float(start), until, HOUR, newest_start)
        self.rollups.replace(float(start), until, self.horizon.seconds, summed.cells, time.time())
        return summed

    def _sum(self, start: float, end: float, seconds: float, keep_from: float) -> _Summed:
        names = Names()
        shown = dict(self.last_shown)
        parts: dict[Cell, list[Sums]] = {}
        values: list[NDArray[np.float64]] = []
        read = probes = 0
        for stretch in self.log.read(start, end, self.horizon.seconds, names):
            log = stretch.requests
            engagement = engage(log, stretch.feedback, self.horizon)
            items = list(names.items)
            keys = [
                (str(log.ids[request]), items[item])
                for request, item in zip(engagement.bought.tolist(), engagement.bought_items.tolist(), strict=True)
            ]
            facts = self.catalogue.facts(names, shown)
            for cell, sums in roll_up(log, engagement, self.log.sources(keys), facts, seconds).items():
                parts.setdefault(cell, []).append(sums)
            latest = last_shown(log, facts.last_shown)
            shown |= {items[code]: float(latest[code]) for code in np.flatnonzero(np.isfinite(latest)).tolist()}
            values.append(request_ndcg(log, engagement)[log.at >= keep_from])
            read += len(log) + stretch.probes
            probes += stretch.probes
        cells = {cell: sums[0] if len(sums) == 1 else add_up(sums) for cell, sums in parts.items()}
        return _Summed(cells, np.concatenate(values) if values else np.zeros(0), read, probes, shown)


@dataclass(frozen=True)
class _Summed:
    cells: dict[Cell, Sums] = field(default_factory=dict)
    ndcg: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    read: int = 0
    probes: int = 0
    last_shown: Mapping[str, float] = field(default_factory=dict)


def last_closed(at: float, seconds: float, horizon_seconds: float) -> float:
    """Where the newest window ends that is closed for the horizon at the time `at`."""
    return float(np.floor((at - horizon_seconds) / seconds) * seconds)


def _by_window(cells: dict[Cell, Sums], starts: tuple[float, ...], seconds: float) -> tuple[dict[Group, Sums], ...]:
    place_of = {start: place for place, start in enumerate(starts)}
    found: list[dict[Group, list[Sums]]] = [{} for _ in starts]
    for (start, group), sums in cells.items():
        place = place_of.get(starts[0] + np.floor((start - starts[0]) / seconds) * seconds)
        if place is not None:
            found[place].setdefault(group, []).append(sums)
    return tuple({group: add_up(sums) for group, sums in groups.items()} for groups in found)
