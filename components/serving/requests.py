"""The bodies of the HTTP requests, parsed and checked at the door; nothing behind it checks them again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from components.serving.page_cursor import LONGEST, read_cursor
from components.serving.user_id import UserId
from components.situation.moment import Weekday

MAX_K = 100
MAX_EVENTS = 1000
MAX_TIMEOUT_MS = 60_000
MAX_PREFETCH = 1000

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_NO_CONTROL_CHARACTERS)]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_NO_CONTROL_CHARACTERS)]
RequestId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_NO_CONTROL_CHARACTERS)]
ShortText = Annotated[str, StringConstraints(max_length=64)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=MAX_K)]


def _ours(cursor: str) -> str:
    read_cursor(cursor)
    return cursor


Cursor = Annotated[str, StringConstraints(max_length=LONGEST), AfterValidator(_ours)]


def _only_text(value: object) -> object:
    if not isinstance(value, str | datetime | None):
        raise ValueError("a time is text, ISO 8601 with a time zone")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_only_text)]
"""Text that becomes a time, also where the JSON around it was read before."""
Items = Annotated[list[Id], Field(max_length=10_000, fail_fast=True)]


class Body(BaseModel):
    """Part of a request: no unknown keys, and no conversion between types ("10" is not 10)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RequestContext(Body):
    """The situation of the request; `time_of_day` in words or as 21:30, by the clock of who asks."""

    time_of_day: ShortText | None = None
    weekday: Weekday | None = None
    device: ShortText | None = None
    mood: ShortText | None = None
    query: Annotated[str, StringConstraints(max_length=512)] | None = None
    cart: list[Id] = Field(default_factory=list, max_length=100, fail_fast=True)


class Profile(Body):
    """What the user says about themselves: preferences map a category or tag to a weight from -1 to 1."""

    text: Annotated[str, StringConstraints(max_length=4000)] | None = None
    preferences: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=128)],
        Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)],
    ] = Field(default_factory=dict, max_length=100)
    tier: ShortText | None = None


_PLAIN = frozenset({"user_id", "k", "exclude", "explain", "diversity", "timeout_ms"})


class NumberRange(Body):
    """A filter on a number; an end that is left out is open."""

    min: Finite | None = None
    max: Finite | None = None


Filter = list[ShortText] | bool | NumberRange
Filters = Annotated[dict[Annotated[str, StringConstraints(min_length=1, max_length=128)], Filter], Field(max_length=20)]
"""What an item must be, by `categories`, `labels`, `available` or the name of an attribute: values of which it has one,
true or false, or a range of a number."""


class RecommendRequest(Body):
    """Body of `POST /recommend`.

    `filters` leave nothing but items that pass all of them, `domain` nothing but its items, for somebody whose history
    may lie in others, `include` nothing but these items, `exclude` none of these; `allow_seen` lets what the user knows
    come again. `cursor` is the `next` of an answer, and asks for what comes after it. `diversity` says how much
    relevance the list may give up for variety, 0 none and 1 all; without it the release's policy holds. `context.query`
    asks for items whose texts match it. `timeout_ms` is how long a language model may take, from the arrival of the
    request on; without it the release's policy holds. `context.cart` counts as liked, for this request alone.
    """

    user_id: UserId
    k: Count = 10
    context: RequestContext | None = None
    profile: Profile | None = None
    filters: Filters = Field(default_factory=dict)
    domain: ShortText | None = None
    include: Annotated[list[Id], Field(min_length=1, max_length=10_000, fail_fast=True)] | None = None
    exclude: Items = Field(default_factory=list)
    allow_seen: bool = False
    cursor: Cursor | None = None
    explain: bool = True
    diversity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    timeout_ms: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MS)] | None = None

    @property
    def limits(self) -> Filters:
        """The filters, with the domain among them."""
        return self.filters if self.domain is None else {**self.filters, "domain": [self.domain]}

    @property
    def is_plain(self) -> bool:
        """Whether it asks for nothing that an answer of popular items could go against."""
        return self.model_fields_set <= _PLAIN


class PrefetchRequest(Body):
    """Body of `POST /prefetch`: users, whose plain request is meant, or requests just as they will come."""

    user_ids: list[UserId] = Field(default_factory=list, max_length=MAX_PREFETCH, fail_fast=True)
    requests: list[RecommendRequest] = Field(default_factory=list, max_length=MAX_PREFETCH, fail_fast=True)

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not 1 <= len(self.user_ids) + len(self.requests) <= MAX_PREFETCH:
            raise ValueError(f"give 1 to {MAX_PREFETCH} of user_ids and requests together")
        return self

    def all_requests(self) -> list[RecommendRequest]:
        """The requests that are meant, those of the users first."""
        return [*(RecommendRequest(user_id=user_id) for user_id in self.user_ids), *self.requests]


class ForgetRequest(Body):
    """Body of `POST /forget`, which only the stack itself can reach."""

    user_id: UserId


class BreakdownRequest(Body):
    """Body of `POST /breakdown`, which only the stack itself can reach: whose ranking, and which items of it."""

    user_id: UserId
    item_ids: list[Id] = Field(min_length=1, max_length=MAX_K)


class KeptAnswer(Body):
    """An answer for the cache: its key, and what components/serving/answer_codec.py writes."""

    user: ShortText
    answer: ShortText
    content: str


class KeepRequest(Body):
    """Body of `POST /keep`, which only the stack itself can reach."""

    answers: list[KeptAnswer]


class SimilarRequest(Body):
    """Body of `POST /similar`."""

    item_id: Id
    k: Count = 10


class SearchRequest(Body):
    """Body of `POST /search`.

    `filters` and `domain` leave nothing but items that pass all of them, and are never given up, as wishes of the query
    may be. With
    `user_id` what that user likes counts for the order; `allow_seen: false` leaves out what they know.
    """

    query: Annotated[str, StringConstraints(max_length=512)] = ""
    user_id: UserId | None = None
    k: Count = 10
    filters: Filters = Field(default_factory=dict)
    domain: ShortText | None = None
    allow_seen: bool = True
    exclude: Items = Field(default_factory=list)

    @property
    def limits(self) -> Filters:
        """The filters, with the domain among them."""
        return self.filters if self.domain is None else {**self.filters, "domain": [self.domain]}


class FeedbackEvent(Body):
    """Body of `POST /feedback`, or one member of a list of them.

    `timestamp` is ISO 8601 with a time zone; without it the time of arrival counts.
    """

    event_id: EventId | None = None
    request_id: RequestId | None = None
    user_id: UserId
    item_id: Id
    type: Literal["click", "view", "dwell", "rating", "purchase", "dislike"]
    value: Finite | None = None
    timestamp: Moment | None = None
