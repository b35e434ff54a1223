"""Quality, speed and cost by day, from the hourly sums that the monitor keeps; never from the requests themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.adapters.store.traffic.rollups import HOUR, Rollups
from components.quality.figures import Figures, figures
from components.quality.log import Group
from components.quality.roll_up import Cell
from components.quality.sums import Sums, add_up
from jobs.console.kept import Kept
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

DAY = 86_400.0
SHOWN_DAYS = 35
KEPT_SECONDS = 60.0


@dataclass(frozen=True)
class DayOfFigures:
    """A day in UTC: figures of all requests but those of releases on trial, and of parts of them.

    Attributes:
        start: its first second, since 1970.
        segments, releases: by name.
        llm_share: of the requests, those that a language model ranked.
    """

    start: float
    all: Figures
    segments: Mapping[str, Figures]
    releases: Mapping[str, Figures]
    llm_share: float


@dataclass(frozen=True)
class Days:
    """Oldest first, and whole but for the first day of all; `horizon` are the seconds after a request in which what its
    user did counted for it."""

    days: tuple[DayOfFigures, ...]
    horizon: float
    items: int


def read_days(bench: Workbench, kept: Kept, now: float) -> Days:
    """The newest days that were summed, at most `KEPT_SECONDS` old."""
    return kept.get("days", KEPT_SECONDS, lambda: _read(bench, now))


def _read(bench: Workbench, now: float) -> Days:
    horizon, rollups = bench.params.monitor.horizon_minutes * 60, bench.store.rollups
    newest = rollups.newest_hour(horizon)
    if newest is None and (other := rollups.newest_horizon()) is not None:
        horizon = other
        newest = rollups.newest_hour(horizon)
    items = _catalogue_size(bench)
    if newest is None:
        return Days((), horizon, items)
    last = min(newest // DAY, now // DAY) * DAY
    is_whole = newest >= last + 23 * HOUR
    starts = [last - place * DAY for place in reversed(range(SHOWN_DAYS))]
    days = tuple(day for start in starts if (day := _day(rollups, start, horizon, items)) is not None)
    return Days(days if is_whole or len(days) == 1 else days[:-1], horizon, items)


def _day(rollups: Rollups, start: float, horizon: float, items: int) -> DayOfFigures | None:
    cells = {cell: sums for cell, sums in rollups.read(start, start + 24 * HOUR, horizon).items() if not cell[1].canary}
    if not cells:
        return None
    whole = figures(add_up(cells.values()), items)
    asked_model = sum(float(sums.requests.sum()) for (_, group), sums in cells.items() if group.route == "hybrid")
    return DayOfFigures(
        start,
        whole,
        _parts(cells, "segment", items),
        _parts(cells, "release_id", items),
        asked_model / whole.requests if whole.requests else float("nan"),
    )


def _parts(cells: Mapping[Cell, Sums], by: str, items: int) -> dict[str, Figures]:
    parts: dict[str, list[Sums]] = {}
    for (_, group), sums in cells.items():
        parts.setdefault(_name(group, by), []).append(sums)
    return {name: figures(add_up(parts[name]), items) for name in sorted(parts)}


def _name(group: Group, by: str) -> str:
    return str(getattr(group, by))


def _catalogue_size(bench: Workbench) -> int:
    """Of the live release; 0 where nothing is live."""
    try:
        return len(live_release(bench).items)
    except NothingThereError:
        return 0
