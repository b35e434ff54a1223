"""What a user did since training, and what the request path makes of it: items seen, items liked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.recommenders.fold_in import NO_NEWS, RecentHistory
from components.recommenders.protocol import Rows

DISLIKE = "dislike"
"""The type of feedback that says plainly that the user does not like the item."""
LIKED_WITHOUT_VALUE = frozenset({"click", "purchase"})
"""Types of feedback that count as a like by themselves; a view or a dwell says only that the item is known."""


@dataclass(frozen=True, slots=True)
class UserEvent:
    """One stored feedback; `occurred_at` in seconds since 1970, 0 where that is unknown."""

    item_id: str
    type: str
    value: float | None
    occurred_at: float = 0.0


@dataclass(frozen=True, slots=True)
class UserEvents:
    """The newest events of a user, oldest first, in the order in which the store took them.

    `version` is the sequence number of the last one, 0 without any; it grows with what the user does.
    """

    events: tuple[UserEvent, ...]
    version: int

    @property
    def state(self) -> str:
        """A cached answer holds as long as it is the same.

        With how many there are: of two events that two processes take at once, the one with the lower number may be
        committed last.
        """
        return f"{self.version}.{len(self.events)}"


NO_EVENTS = UserEvents((), version=0)


@dataclass(frozen=True, slots=True)
class EventsUnread:
    """The store did not say what the user did: the trained state answers, marked as degraded."""

    reason: str


def news_of(
    events: UserEvents,
    row_of: Mapping[str, int],
    trained: Rows,
    threshold: float,
    weights: Mapping[str, float] | None = None,
) -> RecentHistory:
    """What `events` add to a user's `trained` history (item rows).

    An item of the history says nothing new, whenever the event came: training has weighed it, and a change of mind
    waits for the next training. So no clock decides what is old, and events that training missed still count. Of the
    others, the last rating of an item decides, liked from `threshold` up; one without a rating is liked once it was
    clicked or purchased, or something that `weights` says is worth so much. Items that the bundle does not know are
    left out.
    """
    weights = weights or {}
    if not events.events:
        return NO_NEWS
    known = frozenset(trained.tolist())
    ratings: dict[int, bool] = {}
    likes: dict[int, bool] = {}
    for event in events.events:
        row = row_of.get(event.item_id)
        if row is None or row in known:
            continue
        if event.type == DISLIKE:
            ratings[row] = False
        elif event.type == "rating" and event.value is not None:
            ratings[row] = event.value >= threshold
        likes[row] = likes.pop(row, False) or _is_like(event.type, weights, threshold)
    seen = list(likes)
    liked = [row for row in seen if ratings.get(row, likes[row])]
    return RecentHistory(np.array(seen, np.int32), np.array(liked, np.int32))


def _is_like(kind: str, weights: Mapping[str, float], threshold: float) -> bool:
    return weights[kind] >= threshold if kind in weights else kind in LIKED_WITHOUT_VALUE


def disliked_of(events: UserEvents, row_of: Mapping[str, int]) -> Rows:
    """Rows of the items of which `events` say last, of ratings and dislikes, that the user dislikes them."""
    last = {event.item_id: event.type for event in events.events if event.type in (DISLIKE, "rating")}
    rows = [row_of[item_id] for item_id, kind in last.items() if kind == DISLIKE and item_id in row_of]
    return np.array(rows, np.int32)


def with_cart(news: RecentHistory, cart: Sequence[str], row_of: Mapping[str, int], trained: Rows) -> RecentHistory:
    """`news` with the items of a cart behind them, each liked; what the bundle does not know is left out.

    One that training knows as met is left out as well: what it says has been weighed already.
    """
    rows = dict.fromkeys(row_of[item_id] for item_id in cart if item_id in row_of)
    for row in trained.tolist():
        rows.pop(row, None)
    added = list(rows)
    seen = [row for row in news.seen.tolist() if row not in rows] + added
    liked = [row for row in news.liked.tolist() if row not in rows] + added
    return RecentHistory(np.array(seen, np.int32), np.array(liked, np.int32))
