"""What suits the hour and the day of the week of the user's last interaction, by the clock of UTC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.ranking.item_log import DAY, ItemLog
from components.ranking.leanings import Leanings
from components.recommenders.history import History
from components.recommenders.protocol import Events, Rows

HOURS = 4
"""Hours of a part of the day."""
PARTS, DAYS = 24 // HOURS, 7
THURSDAY = 3
"""1970 began on one; Monday is 0."""


class ClockGroup:
    """See the module."""

    def __init__(self, events: Events, log: ItemLog) -> None:
        self._by_hour = Leanings(events, log, _part(events.seconds), PARTS)
        self._by_day = Leanings(events, log, _weekday(events.seconds), DAYS)

    def table(self, history: History, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:  # noqa: ARG002
        """See `FeatureGroup`."""
        moment = np.int64(now)
        hour, day = float(now % DAY) / 3600, int(_weekday(moment))
        return {
            "clock: hour": np.full(len(items), hour),
            "clock: day of the week": np.full(len(items), float(day)),
            "clock: met at this part of the day": self._by_hour.of(items, int(_part(moment)), now),
            "clock: met on this day of the week": self._by_day.of(items, day, now),
        }


def _part(seconds: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    return np.asarray(seconds % DAY // (HOURS * 3600))


def _weekday(seconds: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    return np.asarray((seconds // DAY + THURSDAY) % DAYS)
