"""Says which items were relevant to whom when, and which of them stood in the list that was shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.quality.log import CLICK, DWELL, PURCHASE, RATING, FeedbackLog, Flags, TrafficArrays

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Horizon:
    """What counts as relevant, and how long after a request.

    Attributes:
        seconds: an event this long after a request still counts for it; with 0 only events that name the request do.
        min_rating, min_dwell_seconds: from here on a rating or a dwell is relevant. Clicks and purchases always are, a
            view never is.
    """

    seconds: float
    min_rating: float
    min_dwell_seconds: float


@dataclass(frozen=True)
class RequestOutcomes:
    """What followed the requests, (n, …) in their order.

    Attributes:
        hits: whether the item at a place was relevant, (n, K).
        n_relevant: distinct items that were relevant to the user within the horizon, shown or not.
        clicks: distinct items of the list that were clicked.
        bought: places of requests after which a listed item was bought, one per purchase; `spent` and `bought_items`
            in the same order.
    """

    hits: Flags
    n_relevant: Places
    clicks: Places
    bought: Places
    spent: NDArray[np.float64]
    bought_items: NDArray[np.int32]


def is_relevant(feedback: FeedbackLog, horizon: Horizon) -> Flags:
    """Which events say that the user liked the item."""
    kind, value = feedback.kind, np.nan_to_num(feedback.value)
    liked: Flags = (
        (kind == CLICK)
        | (kind == PURCHASE)
        | ((kind == RATING) & (value >= horizon.min_rating))
        | ((kind == DWELL) & (value >= horizon.min_dwell_seconds))
    )
    return liked


def engage(requests: TrafficArrays, feedback: FeedbackLog, horizon: Horizon) -> RequestOutcomes:
    """Join events to requests.

    An item is relevant to a request when an event names the request, or when the user showed to like it within the
    horizon after the request. Clicks and purchases that name a request count for that one alone; others count for every
    request of the user in whose horizon they lie and whose list holds the item.
    """
    relevant = is_relevant(feedback, horizon)
    request, event = _pairs(requests, feedback, horizon.seconds)
    own = ~feedback.named[event] | (feedback.request[event] == request)
    liked = relevant[event]
    pairs = _distinct(request[liked], feedback.items[event[liked]])
    hits = np.zeros(requests.lists.shape, np.bool_)
    rows, columns = _places(requests, *pairs)
    hits[rows, columns] = True
    clicked = own & (feedback.kind[event] == CLICK)
    rows, _ = _places(requests, *_distinct(request[clicked], feedback.items[event[clicked]]))
    bought = np.flatnonzero(own & (feedback.kind[event] == PURCHASE))
    listed = (requests.lists[request[bought]] == feedback.items[event[bought], None]).any(axis=1)
    bought = bought[listed]
    n = len(requests)
    return RequestOutcomes(
        hits=hits,
        n_relevant=np.bincount(pairs[0], minlength=n),
        clicks=np.bincount(rows, minlength=n),
        bought=request[bought],
        spent=np.nan_to_num(feedback.value[event[bought]]),
        bought_items=feedback.items[event[bought]],
    )


def _pairs(requests: TrafficArrays, feedback: FeedbackLog, seconds: float) -> tuple[Places, Places]:
    """Each request with each event that counts for it, as places in the two logs."""
    named = np.flatnonzero(feedback.request >= 0)
    in_time = feedback.at[named] <= requests.at[feedback.request[named]] + seconds if seconds else np.True_
    named = named[np.broadcast_to(in_time, named.shape)]
    pairs = [(feedback.request[named], named)]
    if seconds and len(feedback):
        order = np.lexsort((feedback.at, feedback.users))
        users, at = feedback.users[order], feedback.at[order]
        # One sorted key for user and time, so that two searches find the events of every request at once.
        origin = min(float(at.min()), float(requests.at.min()) if len(requests) else 0.0)
        span = max(float(at.max()), float(requests.at.max()) if len(requests) else 0.0) - origin + seconds + 1
        key = users * span + (at - origin)
        start = requests.users * span + (requests.at - origin)
        first = np.searchsorted(key, start, "left")
        last = np.searchsorted(key, start + seconds, "right")
        count = last - first
        request = np.repeat(np.arange(len(requests)), count)
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        pairs.append((request, order[place]))
    # An event that names a request also lies in its horizon, and is one event all the same.
    width = max(len(feedback), 1)
    cells = np.unique(np.concatenate([request * width + event for request, event in pairs]))
    return cells // width, cells % width


def _distinct(request: Places, items: NDArray[np.int32]) -> tuple[Places, NDArray[np.int32]]:
    width = int(items.max()) + 1 if len(items) else 1
    cells = np.unique(request.astype(np.int64) * width + items)
    return cells // width, (cells % width).astype(np.int32)


def _places(requests: TrafficArrays, request: Places, items: NDArray[np.int32]) -> tuple[Places, Places]:
    """Row and column of the items that stand in the list of their request."""
    pair, column = np.nonzero(requests.lists[request] == items[:, None])
    return request[pair], column
