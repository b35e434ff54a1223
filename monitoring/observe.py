"""Makes of summed windows and other facts what the rules judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

import numpy as np

from components.config.monitor import Judging
from components.quality.figures import figures
from components.quality.log import Group
from components.quality.sums import Sums, add_up
from components.quality.window import BUCKETS, Window, rhythm_of
from monitoring.collect import Windows
from monitoring.rules.judge import Observation
from monitoring.rules.quality_drop import WEEK, DropLimits, QualityHistory, reference_places

HOUR = 3600.0
STRATA = ("warm", "cold", "unknown")


def limits_of(judging: Judging) -> DropLimits:
    """The params as the rule takes them."""
    return DropLimits(
        max_drop=judging.max_drop,
        alpha=judging.alpha,
        history_windows=judging.history_windows,
        lookbacks=tuple(judging.lookbacks),
        min_requests=judging.min_requests,
        reference_weeks=judging.reference_weeks,
        preceding_windows=judging.preceding_windows,
    )


def windows_needed(seconds: float, judging: Judging) -> int:
    """How many windows there must be for the newest ones and all that they are held against."""
    if seconds < HOUR:
        return judging.preceding_windows + max(judging.lookbacks)
    return int(judging.reference_weeks * WEEK // seconds) + max(judging.lookbacks)


def history_of(windows: Windows, zone: ZoneInfo, disturbed: Sequence[tuple[float, float]]) -> QualityHistory:
    """NDCG over all requests of users that a live release answered; answers on trial are left out.

    Windows shorter than an hour know no weekday and hour, and are held against those before them.

    Args:
        disturbed: start and end of incidents, which are no reference; an open one has no end.
    """
    made = tuple(
        _ndcg_window(start, windows.seconds, groups)
        for start, groups in zip(windows.starts, windows.groups, strict=True)
    )
    rhythms = tuple(
        None if windows.seconds < HOUR else rhythm_of(start, windows.seconds, zone) for start in windows.starts
    )
    within = tuple(any(start + windows.seconds > a and start < b for a, b in disturbed) for start in windows.starts)
    over = [(a, b) for a, b in disturbed if np.isfinite(b)]
    settled = tuple(any(start + windows.seconds > a and start < b for a, b in over) for start in windows.starts)
    return QualityHistory(made, rhythms, within, settled)


def observe(
    windows: Windows, history: QualityHistory, judging: Judging, n_items: int, facts: Mapping[str, float]
) -> Observation:
    """The newest window beside the medians of its reference windows; `facts` are added to its figures."""
    current = asdict(figures(add_up(live(windows.groups[-1]).values()), n_items))
    places = reference_places(history, len(history.windows) - 1, len(history.windows) - 1, limits_of(judging))
    rows = [asdict(figures(add_up(live(windows.groups[place]).values()), n_items)) for place in places]
    reference = {}
    for name in current:
        values = [row[name] for row in rows if np.isfinite(row[name])]
        if values:
            reference[name] = float(np.median(values))
    return Observation(windows.starts[-1], windows.seconds, {**current, **facts}, reference, history)


def live(groups: Mapping[Group, Sums]) -> dict[Group, Sums]:
    """Without answers of a release on trial."""
    return {group: sums for group, sums in groups.items() if not group.canary}


def _ndcg_window(start: float, seconds: float, groups: Mapping[Group, Sums]) -> Window:
    requests, gain = np.zeros((len(STRATA), BUCKETS)), np.zeros((len(STRATA), BUCKETS))
    for group, sums in live(groups).items():
        stratum = STRATA.index(group.segment)
        requests[stratum] += sums.requests
        gain[stratum] += sums.ndcg
    return Window(start, seconds, requests, gain)
