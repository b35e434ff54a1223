"""What one window of traffic says about a quality: sums over requests, kept apart by stratum and by bucket of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

BUCKETS = 64
"""Users fall into this many buckets by a hash of their id, the same in every window."""

STRATA = ("warm", "cold")

Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """One window; requests and their gain add up, over strata, over buckets and over windows.

    All requests of a user are in one bucket, so leaving out one bucket at a time gives an interval that is clustered by
    user, however windows are pooled afterwards, and users who come back in several windows stay one cluster.

    Attributes:
        start: seconds since 1970 (UTC).
        seconds: its length.
        requests: (n_strata, n_buckets).
        gain: sum of the quality over these requests, such as NDCG, (n_strata, n_buckets).
    """

    start: float
    seconds: float
    requests: Sums
    gain: Sums

    @property
    def n_requests(self) -> float:
        """Over all strata and buckets."""
        return float(self.requests.sum())

    @property
    def mean(self) -> float:
        """Mean quality of a request; NaN without requests."""
        return float(self.gain.sum() / self.requests.sum()) if self.requests.sum() else float("nan")


def rhythm_of(start: float, seconds: float, zone: tzinfo) -> tuple[int, int]:
    """Weekday and hour by which a window is held against others: the local ones, as people live by these.

    A window of a day or longer has hour 0. On the day that a clock is set back two windows share an hour, and on the
    day it is set forward one is missing: windows themselves are cut in UTC and know of no clock change.
    """
    # Half an hour into the window: a day's window that starts at 23:00 or 01:00 after a clock change is that day's.
    local = datetime.fromtimestamp(start + min(seconds, 86_400) / 2, zone)
    return local.weekday(), 0 if seconds >= 86_400 else local.hour


def pool(windows: Sequence[Window]) -> Window:
    """The windows as one.

    Raises:
        ValueError: there is none.
    """
    if not windows:
        raise ValueError("there is no window to pool")
    return Window(
        min(window.start for window in windows),
        sum(window.seconds for window in windows),
        np.sum([window.requests for window in windows], axis=0),
        np.sum([window.gain for window in windows], axis=0),
    )
