"""What is met by people like the user, by each attribute that is known of users."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from components.ranking.item_log import ItemLog
from components.ranking.leanings import Leanings
from components.recommenders.history import History
from components.recommenders.protocol import Events, Rows


class TraitsGroup:
    """See the module. What is unknown of a user says nothing (0)."""

    def __init__(self, events: Events, log: ItemLog, traits: Mapping[str, NDArray[np.int8]]) -> None:
        self._leanings = {
            name: Leanings(events, log, codes[events.users], int(codes.max()) + 1) for name, codes in traits.items()
        }

    def table(self, history: History, items: Rows, now: float) -> dict[str, NDArray[np.floating]]:
        """See `FeatureGroup`."""
        mine = [-1] * len(self._leanings) if history.traits is None else history.traits.tolist()
        return {
            f"traits: met by the same {name}": np.zeros(len(items)) if way < 0 else leanings.of(items, way, now)
            for (name, leanings), way in zip(self._leanings.items(), mine, strict=True)
        }
