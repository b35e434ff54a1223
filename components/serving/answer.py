"""What the request path returns: the HTTP answers of section 4 of the design, and what is logged beside them."""

from __future__ import annotations

from dataclasses import dataclass

from components.recommenders.protocol import Ranking
from components.routing.choose_route import Route


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """One place of a list; `rank` starts at 1, `source` names the recommender, `score` is on that one's scale."""

    item_id: str
    title: str
    category: str
    rank: int
    score: float
    source: str
    explanation: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a `RecommendRequest`; everything but `candidates`, which the list was cut from,
    goes to the client."""

    request_id: str
    user_id: str
    items: list[AnsweredItem]
    route: Route
    fallback_reason: str | None
    release: str
    slot: str
    variant: str
    cached: bool
    degraded: bool
    cost_usd: float
    timings_ms: dict[str, float]
    candidates: Ranking

    def body(self) -> dict[str, object]:
        """The fields of the HTTP answer, in the contract's order."""
        return {
            "request_id": self.request_id,
            "user_id": self.user_id,
            "items": self.items,
            "route": self.route,
            "fallback_reason": self.fallback_reason,
            "release": self.release,
            "slot": self.slot,
            "variant": self.variant,
            "cached": self.cached,
            "degraded": self.degraded,
            "cost_usd": self.cost_usd,
            "timings_ms": self.timings_ms,
        }


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """The answer to a `SimilarRequest`; all of it goes to the client."""

    request_id: str
    item_id: str
    items: list[AnsweredItem]
    release: str
    slot: str
    variant: str
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """The bundle has no item of this id."""

    item_id: str
