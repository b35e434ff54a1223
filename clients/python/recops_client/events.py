"""What people did, with an id of its own from the start: an event that is sent twice then counts once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Event:
    """One thing that a user did with an item.

    Attributes:
        type: click, view, dwell, rating, purchase or dislike.
        value: stars of a rating, seconds of a dwell, money of a purchase.
        request_id: of the list that showed the item.
        timestamp: when, with a time zone; the time of arrival counts without one.
    """

    user_id: str
    item_id: str
    type: str
    value: float | None = None
    request_id: str | None = None
    timestamp: datetime | None = None
    event_id: str = field(default_factory=_new_id)

    def body(self) -> dict[str, Any]:
        """As it is sent.

        Raises:
            ValueError: the timestamp has no time zone.
        """
        if self.timestamp is not None and self.timestamp.tzinfo is None:
            raise ValueError("timestamp: it has no time zone; give one, such as datetime.now(timezone.utc)")
        sent = {name: getattr(self, name) for name in ("event_id", "request_id", "user_id", "item_id", "type", "value")}
        sent["timestamp"] = None if self.timestamp is None else self.timestamp.isoformat()
        return {name: value for name, value in sent.items() if value is not None}
