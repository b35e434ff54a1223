"""A few people with known tastes, and a service that answers them from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.simulation.people import SimulatedPerson
from components.simulation.traffic import Failure, HttpReply


def person(
    user_id: str, *liked: str, tried: Sequence[str] = (), taste: float = 0.8, activity: float = 1.0
) -> SimulatedPerson:
    later = dict.fromkeys(liked, 5.0) | dict.fromkeys(tried, 2.0)
    return SimulatedPerson(user_id, later, frozenset(liked), activity, taste)


class ListService:
    """Answers every user with the same items; remembers what was asked and told."""

    def __init__(self, items: Sequence[str], fail_every: int = 0) -> None:
        self.items = items
        self.fail_every = fail_every
        self.asked: list[Mapping[str, Any]] = []
        self.told: list[Mapping[str, Any]] = []

    async def recommend(self, body: Mapping[str, Any]) -> HttpReply | Failure:
        self.asked.append(body)
        if self.fail_every and len(self.asked) % self.fail_every == 0:
            return Failure("503 store_unavailable")
        items = [{"item_id": item_id} for item_id in self.items[: body["k"]]]
        return HttpReply(
            {
                "request_id": f"r{len(self.asked)}",
                "items": items,
                "route": "cf",
                "variant": "default",
                "release": "release-1",
                "slot": "blue",
                "cached": False,
                "degraded": False,
                "cost_usd": 0.25,
            }
        )

    async def tell(self, events: Sequence[Mapping[str, Any]]) -> Failure | None:
        self.told.extend(events)
        return None
