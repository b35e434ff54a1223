"""What the gateway answers, as values; a field that this client does not know yet stands in `raw`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


class Refused(Exception):
    """The gateway refused the request for good: asking again would not help.

    Attributes:
        status: of HTTP.
        code: what was wrong, for programs.
        message: what was wrong, for people.
        field: the field of the request that was, if it was one.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.field = status, code, message, field


class Unreachable(Exception):
    """Nobody answered, or only that it cannot now, in all tries; the last reason is the cause or the message."""


@dataclass(frozen=True)
class Item:
    """One place of a list; `rank` begins at 1. `raw` is the item as it came, with fields that other endpoints add."""

    item_id: str
    title: str
    category: str
    rank: int
    score: float
    source: str = ""
    explanation: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Recommendations:
    """A list for a user. Send `request_id` with what the user does about it."""

    request_id: str
    user_id: str
    items: tuple[Item, ...]
    route: str
    release: str
    variant: str
    fallback_reason: str | None = None
    cached: bool = False
    degraded: bool = False
    understood: tuple[Mapping[str, Any], ...] = ()
    ignored: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class SearchResult:
    """Items that fulfil what was asked in words, best first."""

    request_id: str
    items: tuple[Item, ...]
    understood: tuple[Mapping[str, Any], ...] = ()
    ignored: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class SimilarItems:
    """The nearest items to one, nearest first."""

    request_id: str
    item_id: str
    items: tuple[Item, ...]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Accepted:
    """What became of events: how many are stored, how many were before, and those that were wrong or odd, by index."""

    accepted: int
    duplicates: int
    errors: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """An answer of this kind; lists become tuples, and items `Item`."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in body.items():
        if name not in known:
            continue
        if name == "items":
            values[name] = tuple(read(Item, item) for item in value)
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
    if "raw" in known:
        values["raw"] = dict(body)
    return kind(**values)
