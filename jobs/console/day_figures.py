"""Quality, speed and cost by day, from the hourly sums that the monitor keeps; never from the requests themselves.

A day that was worked out is kept in a file, and worked out anew when the hours of that day were.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.adapters.store.traffic.rollups import HOUR, Rollups
from components.quality.figures import Figures, figures
from components.quality.sums import Sums, add_up
from jobs.console.kept import Kept
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

DAY = 86_400.0
SHOWN_DAYS = 35
KEPT_SECONDS = 60.0
FILE = Path("console") / "days.json"
FORM = 1
"""Of the file; another one is left aside."""


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
    path = bench.settings.root / FILE
    before = _load(path)
    found: dict[str, Any] = {}
    for start in (last - place * DAY for place in reversed(range(SHOWN_DAYS))):
        mark = rollups.mark(start, start + DAY, horizon)
        if mark is not None:
            key = json.dumps([start, horizon, items, *mark])
            found[key] = before.get(key) or asdict(_day(rollups, start, horizon, items))
    if found.keys() != before.keys():
        _save(path, found)
    days = tuple(day for value in found.values() if (day := _of_values(value)).all.requests)
    return Days(days if is_whole or len(days) == 1 else days[:-1], horizon, items)


def _day(rollups: Rollups, start: float, horizon: float, items: int) -> DayOfFigures:
    parts: dict[tuple[str, str], list[Sums]] = {}
    by_model = 0.0
    for (_, group), sums in rollups.read(start, start + DAY, horizon).items():
        if not group.canary:
            parts.setdefault((group.segment, group.release_id), []).append(sums)
            by_model += float(sums.requests.sum()) if group.route == "hybrid" else 0.0
    summed = {names: add_up(each) for names, each in parts.items()}
    whole = figures(add_up(summed.values()), items)

    def of(place: int) -> dict[str, Figures]:
        names = sorted({each[place] for each in summed})
        return {
            name: figures(add_up(sums for each, sums in summed.items() if each[place] == name), items) for name in names
        }

    return DayOfFigures(start, whole, of(0), of(1), by_model / whole.requests if whole.requests else float("nan"))


def _of_values(value: Mapping[str, Any]) -> DayOfFigures:
    parts = {key: {name: Figures(**each) for name, each in value[key].items()} for key in ("segments", "releases")}
    return DayOfFigures(
        value["start"], Figures(**value["all"]), parts["segments"], parts["releases"], value["llm_share"]
    )


def _load(path: Path) -> dict[str, Any]:
    """The days of the file by their marks; none where there is no such file, or it is of another form."""
    try:
        kept = json.loads(path.read_text())
        known = kept["form"] == FORM and kept["figures"] == list(Figures.__dataclass_fields__)
        return dict(kept["days"]) if known else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _save(path: Path, days: Mapping[str, Any]) -> None:
    """Aside and then into place; a disk that takes nothing costs time only."""
    kept = {"form": FORM, "figures": list(Figures.__dataclass_fields__), "days": days}
    aside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(kept))
        aside.replace(path)
    except OSError:
        return


def _catalogue_size(bench: Workbench) -> int:
    """Of the live release; 0 where nothing is live."""
    try:
        return len(live_release(bench).items)
    except NothingThereError:
        return 0
