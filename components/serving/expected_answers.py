"""Asks the request path for the answers that a bundle carries, so that a service can be asked for the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from components.config.routing import RoutingConfig
from components.serving.bundle import Bundle, ExpectedAnswer
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

UNKNOWN_USER = "nobody-knows-this-user"
DECIMALS = 5
"""Of the scores; the last bits of a dot product depend on the processor."""


def sample_users(user_ids: Sequence[str], n: int) -> list[str]:
    """`n` of the users, or all when there are fewer, evenly spread over the rows, and one who is not among them."""
    step = max(len(user_ids) / n, 1)
    known = [user_ids[int(place * step)] for place in range(min(n, len(user_ids)))]
    unknown = UNKNOWN_USER
    while unknown in user_ids:
        unknown += "!"
    return [*known, unknown]


def expected_answers(bundle: Bundle, routing: RoutingConfig, user_ids: Sequence[str], k: int) -> list[ExpectedAnswer]:
    """What the service must answer each of `user_ids` who asks for `k` items and says nothing else."""
    path = RequestPath(bundle, routing, release_id="", slot="", variant="")
    answers = []
    for user_id in user_ids:
        items = path.recommend(RecommendRequest(user_id=user_id, k=k, explain=False), request_id="").items
        scores = tuple(round(item.score, DECIMALS) for item in items)
        answers.append(ExpectedAnswer(user_id, k, tuple(item.item_id for item in items), scores))
    return answers
