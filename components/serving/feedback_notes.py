"""Says what is odd about a feedback event that is stored all the same: its time, its rating, an item nobody knows.

An event is worth more than its time: clients with a wrong clock are many, and what their users did is true. So a time
that cannot be is left out, which the answer says, and the time of arrival counts.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from components.serving.requests import FeedbackEvent

MAX_SECONDS_AHEAD = 300.0
"""Clocks may differ by this much; what is later is in the future."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
"""What is earlier comes from a clock that was never set."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is odd about the event at `index` of its post; `field` is where, `code` is for programs."""

    index: int
    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Noted:
    """One event of a post, at `index`, when it happened, in seconds since 1970, and whether its item is known."""

    index: int
    event: FeedbackEvent
    occurred_at: float
    known_item: bool = True


def take_note(
    events: Sequence[tuple[int, FeedbackEvent]],
    now: float,
    known_items: Container[str],
    ratings: tuple[float | None, float | None] = (None, None),
) -> tuple[list[Noted], list[Note]]:
    """Each of `events` (with its index) with its time, and notes on the odd ones, in order.

    Events arrive at `now`, seconds since 1970. One without a time happened then, as did one whose time is more than
    `MAX_SECONDS_AHEAD` later or before `EARLIEST`. An item outside `known_items` may be known to the next release.
    A rating outside `ratings` (lowest, highest; None has no end) counts neither now nor in training.
    """
    low, high = ratings
    noted, notes = [], []
    for index, event in events:
        occurred_at = now if event.timestamp is None else event.timestamp.timestamp()
        if occurred_at > now + MAX_SECONDS_AHEAD:
            text = f"{event.timestamp} is in the future; the time of arrival counts, set the client's clock"
            notes.append(Note(index, "time_in_future", "timestamp", text))
            occurred_at = now
        elif event.timestamp is not None and occurred_at < EARLIEST:
            text = f"{event.timestamp} is before 2000; the time of arrival counts, set the client's clock"
            notes.append(Note(index, "time_too_old", "timestamp", text))
            occurred_at = now
        if event.type == "rating" and event.value is not None and not _between(low, event.value, high):
            text = f"ratings lie between {low} and {high}; {event.value:g} is stored, and counts for nothing"
            notes.append(Note(index, "rating_out_of_range", "value", text))
        known = event.item_id in known_items
        if not known:
            text = f"this release has no item {event.item_id!r}; it is stored, and counts once the catalogue has it"
            notes.append(Note(index, "unknown_item", "item_id", text))
        noted.append(Noted(index, event, occurred_at, known))
    return noted, notes


def _between(low: float | None, value: float, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)
