"""What the types of interactions tell: how items are met, and what is liked after something was met in one way.

After a purchase people want what goes with it, after a view what could be had in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.ranking.era import EraTransitions
from components.ranking.item_log import ItemLog
from components.ranking.leanings import Leanings
from components.ranking.places import PlaceTables
from components.recommenders.history import History
from components.recommenders.protocol import Events, Rows


class KindsGroup:
    """See the module."""

    def __init__(self, events: Events, log: ItemLog, n_items: int, kinds: Sequence[str]) -> None:
        assert events.kinds is not None  # noqa: S101 there are types
        self._kinds, self._dated = kinds, events.dated
        self._leanings = Leanings(events, log, events.kinds, len(kinds))
        self._after = float(events.seconds.max(initial=0)) + 1
        self._places = PlaceTables(n_items)
        self._follows = (
            [EraTransitions(events, n_items, events.kinds == code, events.liked) for code in range(len(kinds))]
            if events.timed
            else []
        )

    def table(self, history: History, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:
        """See `FeatureGroup`."""
        own = np.full(len(history), -1) if history.kinds is None else history.kinds
        table: dict[str, NDArray[np.floating]] = {}
        moment = now if self._dated else self._after
        for code, name in enumerate(self._kinds):
            table[f"kinds: share of {name}"] = self._leanings.of(items, code, now)
            if self._follows:
                these = own == code
                table[f"kinds: last was {name}"] = np.full(len(items), float(these[-1]))
                with self._places.of(items) as place_of:
                    found = self._follows[code].follows(history.where(these), moment, items, place_of, [np.inf])[0]
                table[f"kinds: liked after {name}"] = np.log(found + 0.05)
        return table
