"""What is known of the items of a bundle since it was made: which are off, and which have been shown often lately.

An item is off when it was switched off by hand, when the source says that it is not available, and once it has expired.
Nobody is recommended it; training and evaluation do not care.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b

import numpy as np

from components.interactions.attributes import Attribute
from components.recommenders.protocol import Rows
from components.serving.catalogue import Catalogue

AVAILABLE, EXPIRES = "available", "expires"
"""Attributes of items. What is neither available nor not, or no moment, says nothing."""
NO = frozenset({"false", "no", "n", "0", "0.0"})


def _none() -> Rows:
    return np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rows of one catalogue, ascending.

    Attributes:
        off: items that may not be shown.
        version: tells this set of items that are off from another; "" where none is.
        often: items that have been shown so often lately that they are not new.
    """

    off: Rows = field(default_factory=_none)
    version: str = ""
    often: Rows = field(default_factory=_none)


ALL_ON = Shelf()


class OffSwitch:
    """Says which items of one catalogue are off at a moment.

    Attributes:
        odd: ids of items whose `expires` is no moment; they never expire.
    """

    def __init__(self, items: Catalogue) -> None:
        self._items = items
        known = items.attributes
        self._never = frozenset(row for row, each in enumerate(known) if str(each.get(AVAILABLE, "")).lower() in NO)
        ends = {row: _moment(each[EXPIRES]) for row, each in enumerate(known) if EXPIRES in each}
        self._ends = {row: end for row, end in ends.items() if end is not None}
        self.odd = [items.ids[row] for row, end in ends.items() if end is None]

    def shelf_at(self, now: float, switched: Iterable[str], often: Iterable[str] = ()) -> Shelf:
        """The shelf at `now`, seconds since 1970, where the items `switched` are off by hand; ids by the source's."""
        over = (row for row, end in self._ends.items() if end <= now)
        rows = sorted(self._never.union(self._rows(switched), over))
        version = "" if not rows else _digest([self._items.ids[row] for row in rows])
        return Shelf(np.array(rows, np.int32), version, np.array(sorted(self._rows(often)), np.int32))

    def _rows(self, item_ids: Iterable[str]) -> list[int]:
        row_of = self._items.row_of
        return [row_of[item_id] for item_id in item_ids if item_id in row_of]


def _digest(item_ids: Iterable[str]) -> str:
    return blake2b("\0".join(item_ids).encode(), digest_size=8).hexdigest()


def _moment(given: Attribute) -> float | None:
    """Seconds since 1970 as they are; a date or a time in ISO 8601, in UTC where it names no zone."""
    if isinstance(given, float | int):
        return float(given)
    try:
        moment = datetime.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
