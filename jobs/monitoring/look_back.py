"""Judges the days of the past as they would have been judged, for their reports alone: nobody is told of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from jobs.monitoring.figures import live_bundle
from jobs.monitoring.monitor import make_watcher
from jobs.wiring.workbench import Workbench
from monitoring.catalogue import WatchedCatalogue, catalogue_of
from monitoring.collect import last_closed
from monitoring.watch import Surroundings

DAY = 86_400.0


def look_back(bench: Workbench, start: float, end: float, on_day: Callable[[float], None]) -> int:
    """Report each whole day (UTC) from `start` on whose horizon is over at `end`; returns how many have a report.

    Args:
        on_day: called with the start of each day, once it is judged.
    """
    horizon = bench.params.monitor.horizon_minutes * 60
    state = bench.store.releases.routing()
    bundle = live_bundle(bench, state.live_release)
    catalogue = catalogue_of(bundle) if bundle else WatchedCatalogue()
    watcher = make_watcher(bench, horizon, catalogue, {}, [])
    around = Surroundings(state.live_release, state.standby_release)
    first, until = math.ceil(start / DAY), math.floor(last_closed(end, DAY, horizon) / DAY)
    reported = 0
    for day in range(first, until):
        closed = (day + 1) * DAY
        looked = watcher.look(closed + horizon, time.time(), DAY, horizon, around, lambda _line: None, tell=False)
        reported += looked.report.path is not None
        on_day(day * DAY)
    return reported
