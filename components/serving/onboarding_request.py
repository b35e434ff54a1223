"""The body of `POST /onboarding`, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.serving.answer import AnsweredItem
from components.serving.item_search import FoundItem
from components.serving.requests import Body, Id
from components.serving.user_id import UserId

MAX_ANSWERS = 200


class OnboardingAnswer(Body):
    """What a newcomer says of an item: liked, not liked, or not known (null)."""

    item_id: Id
    likes: bool | None


class OnboardingRequest(Body):
    """Body of `POST /onboarding`.

    `answers` are all so far; sending one again changes nothing. `ask` says how many items to ask about next, `k` how
    long the list is that reflects the answers.
    """

    user_id: UserId
    answers: list[OnboardingAnswer] = Field(default_factory=list, max_length=MAX_ANSWERS)
    ask: Annotated[int, Field(ge=0, le=20)] = 5
    k: Annotated[int, Field(ge=1, le=100)] = 10


@dataclass(frozen=True, slots=True)
class Onboarded:
    """The answer to an `OnboardingRequest`; all of it goes to the client.

    Attributes:
        ask: what to ask about next, the most telling first.
        items: what would be recommended now.
        answered: answers of items that there are, "not known" among them.
    """

    request_id: str
    user_id: str
    ask: Sequence[FoundItem]
    items: Sequence[AnsweredItem]
    answered: int
    route: str
    release: str
    slot: str
    variant: str
    timings_ms: Mapping[str, float]
