"""The log of a stretch of time as arrays: what was asked and shown, and what users did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

K = 10
"""Quality is measured on the first ten places."""

CLICK, PURCHASE, RATING, DWELL, VIEW = range(5)
KINDS = {"click": CLICK, "purchase": PURCHASE, "rating": RATING, "dwell": DWELL, "view": VIEW}

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]


class Group(NamedTuple):
    """What requests are counted apart by; `segment` is warm, cold or unknown, `canary` an answer of a release on
    trial."""

    release_id: str
    slot: str
    variant: str
    route: str
    segment: str
    canary: bool


@dataclass
class Names:
    """External ids by code, growing as a log is read; requests and feedback share one, so that their codes agree."""

    users: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)

    def user(self, user_id: str) -> int:
        """The user's code."""
        return self.users.setdefault(user_id, len(self.users))

    def item(self, item_id: str) -> int:
        """The item's code."""
        return self.items.setdefault(item_id, len(self.items))


@dataclass(frozen=True)
class TrafficArrays:
    """One entry per request in each array; `lists` is (n, K), -1 behind the end of a short list.

    Attributes:
        ids: request ids, as objects.
        at: seconds since 1970.
        k: places that were asked for.
        group: row of `groups`.
        total_ms, candidates_ms, llm_ms: times of stages, NaN where a stage did not run.
    """

    groups: tuple[Group, ...]
    ids: NDArray[np.object_]
    at: Floats
    users: Codes
    k: Codes
    group: Codes
    lists: Codes
    fallback: Flags
    degraded: Flags
    cached: Flags
    cost_usd: Floats
    total_ms: Floats
    candidates_ms: Floats
    llm_ms: Floats

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True)
class FeedbackLog:
    """One entry per event, in any order.

    Attributes:
        request: place of the request it names in the request log, -1 for none.
        named: whether it names a request at all, be it in this log or not.
        kind: CLICK, PURCHASE, …
        value: NaN without one.
    """

    at: Floats
    users: Codes
    items: Codes
    request: NDArray[np.int64]
    named: Flags
    kind: Codes
    value: Floats

    def __len__(self) -> int:
        return len(self.at)
