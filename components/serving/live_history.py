"""A user's history as of now: what training knows, what the store has gained since, what lies in the cart.

What the store has gained is read as `components/interactions/event_interactions.py` reads it for the next training, so
a history now and the same history after a retraining are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from components.recommenders.history import History
from components.serving.recent_history import DISLIKE, LIKED_WITHOUT_VALUE, UserEvent, UserEvents

RATING = "rating"
UNKNOWN = -1
"""The type of an interaction that training does not tell apart."""
SOME_DAY = 1 << 40
"""Seconds since 1970 of an event without a time: later than all data, as which it then counts."""


@dataclass(frozen=True)
class EventValues:
    """A rating of `threshold` is a like; `like` and `dislike` are worth of such events without a rating.

    A rating below `lowest` or above `highest` says nothing, as in training; None has no end. A type in `weights` is
    worth its weight. `kinds` are the types of interactions that training tells apart, in its order.
    """

    threshold: float
    like: float
    dislike: float
    lowest: float | None = None
    highest: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    def worth(self, event: UserEvent) -> float | None:
        """What an event is worth, None where it says nothing about liking."""
        if (weight := self.weights.get(event.type)) is not None:
            return weight
        if event.type == DISLIKE:
            return self.dislike
        if event.type == RATING:
            return event.value if event.value is not None and self.holds(event.value) else None
        return self.like if event.type in LIKED_WITHOUT_VALUE else None

    def holds(self, rating: float) -> bool:
        """Whether a rating can be one."""
        return (self.lowest is None or self.lowest <= rating) and (self.highest is None or rating <= self.highest)


def live_history(
    trained: History, events: UserEvents, cart: Sequence[str], row_of: Mapping[str, int], values: EventValues
) -> History:
    """`trained` itself where nothing is new; else with what is new behind it, in the order of the store.

    Of an item the last rating or dislike decides, else of the likes that are worth most the first; views and dwelling
    without a weight say nothing here. Of items
    that training knows only a dislike is news: it takes the place of what was known, at once, and a later rating takes
    its place. Items of the cart are likes of this moment. Unknown items are left out.
    """
    known = frozenset(trained.items.tolist()) if events.events or cart else frozenset()
    said = _said(events.events, row_of, known, values)
    last = int(trained.seconds[-1]) if len(trained) else 0
    fresh = [row_of[item_id] for item_id in dict.fromkeys(cart) if item_id in row_of]
    for row in fresh:
        if row not in known or row in said:
            said.pop(row, None)
            said[row] = (values.like, SOME_DAY, "")
    if not said:
        return trained
    again = np.array([row for row in said if row in known], np.int32)
    kept = ~np.isin(trained.items, again)
    rows = np.array(list(said), np.int32)
    worth = np.array([value for value, _, _ in said.values()], np.float32)
    seconds = np.maximum.accumulate([last, *(when for _, when, _ in said.values())])[1:]
    order = np.argsort(seconds, kind="stable")
    kinds = None
    if values.kinds:
        old = np.full(len(trained), UNKNOWN, np.int8) if trained.kinds is None else trained.kinds
        code_of = {name: code for code, name in enumerate(values.kinds)}
        new = np.array([code_of.get(kind, UNKNOWN) for _, _, kind in said.values()], np.int8)
        kinds = np.concatenate([old[kept], new[order]])
    return History(
        np.concatenate([trained.items[kept], rows[order]]),
        np.concatenate([trained.values[kept], worth[order]]),
        np.concatenate([trained.liked[kept], worth[order] >= values.threshold]),
        np.concatenate([trained.seconds[kept], seconds[order].astype(np.int64)]),
        kinds,
        trained.traits,
    )


def _said(
    events: Sequence[UserEvent], row_of: Mapping[str, int], known: frozenset[int], values: EventValues
) -> dict[int, tuple[float, int, str]]:
    """By item row what it is worth, when that was said and by what, in the order in which it was said."""
    said: dict[int, tuple[float, int, str]] = {}
    rated: set[int] = set()
    for event in events:
        row = row_of.get(event.item_id)
        if row is None or (row in known and row not in said and event.type != DISLIKE):
            continue
        value = values.worth(event)
        if value is None:
            continue
        if event.type in (RATING, DISLIKE):
            rated.add(row)
        elif row in rated or (row in said and value <= said[row][0]):
            continue
        when = int(event.occurred_at) if event.occurred_at > 0 else SOME_DAY
        said.pop(row, None)
        said[row] = (value, when, event.type)
    return said
