"""The wishes that a text can hold, each a value that can be said in words, given as data, and judged on an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# How much a wish counts when nothing fulfils all of them: the least is given up first.
NAMED = 100
REFUSED = 90
PEOPLE = 80
LIMIT = 70
PLACE = 60
LABEL = 50
RESEMBLANCE = 40
VAGUE = 20
"""Moods, and words such as "long" that state no number."""


@dataclass(frozen=True, slots=True)
class LabelWish:
    """An item carries one of `labels`, or, not `wanted`, none of them; with `together` only all at once count.

    `mood` names the mood or occasion that it stands for, "" where the labels themselves were meant.
    """

    labels: tuple[str, ...]
    wanted: bool
    said: str
    importance: int = LABEL
    together: bool = False
    mood: str = ""

    def words(self) -> str:
        """The wish in a few words."""
        names = _listed(self.labels, "and" if self.together else "or")
        if self.mood:
            return f"{self.mood}: {'' if self.wanted else 'no '}{names}"
        return names if self.wanted else f"no {names}"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {"kind": "labels", "labels": list(self.labels), "wanted": self.wanted, "said": self.said}


@dataclass(frozen=True, slots=True)
class ValueWish:
    """One of `attributes` (texts or lists) holds one of `values`, or, not `wanted`, none does."""

    attributes: tuple[str, ...]
    values: tuple[str, ...]
    wanted: bool
    said: str
    importance: int = PEOPLE

    def words(self) -> str:
        """The wish in a few words."""
        return f"{'' if self.wanted else 'not '}{' or '.join(self.attributes)}: {_listed(self.values, 'or')}"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {
            "kind": "values",
            "attributes": list(self.attributes),
            "values": list(self.values),
            "wanted": self.wanted,
            "said": self.said,
        }


@dataclass(frozen=True, slots=True)
class RangeWish:
    """A number lies between `low` and `high`, which belong to the range unless it is `open`; not `wanted`: outside."""

    attribute: str
    low: float | None
    high: float | None
    said: str
    wanted: bool = True
    open: bool = False
    importance: int = LIMIT

    def words(self) -> str:
        """The wish in a few words."""
        name = self.attribute.replace("_", " ")
        low, high = (None if end is None else f"{end:g}" for end in (self.low, self.high))
        if low is not None and high is not None:
            text = f"{name} {low}" if low == high else f"{name} {low} to {high}"
        elif low is not None:
            text = f"{name} {'above' if self.open else 'at least'} {low}"
        else:
            text = f"{name} {'below' if self.open else 'at most'} {high}"
        return text if self.wanted else f"not {text}"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {
            "kind": "range",
            "attribute": self.attribute,
            "low": self.low,
            "high": self.high,
            "open": self.open,
            "wanted": self.wanted,
            "said": self.said,
        }


@dataclass(frozen=True, slots=True)
class LikeWish:
    """An item resembles `items` (ids) and is none of them; not `wanted`: it does not resemble them."""

    items: tuple[str, ...]
    titles: tuple[str, ...]
    wanted: bool
    said: str
    importance: int = RESEMBLANCE

    def words(self) -> str:
        """The wish in a few words."""
        return f"{'like' if self.wanted else 'unlike'} {_listed(self.titles[:3], 'and')}"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {"kind": "like", "items": list(self.items), "wanted": self.wanted, "said": self.said}


@dataclass(frozen=True, slots=True)
class ItemsWish:
    """An item is one of `items` (ids), or, not `wanted`, none of them."""

    items: tuple[str, ...]
    titles: tuple[str, ...]
    wanted: bool
    said: str
    importance: int = NAMED

    def words(self) -> str:
        """The wish in a few words."""
        shown = _listed(self.titles[:3], "or") + (" or their like by name" if len(self.titles) > 3 else "")
        return f"called {shown}" if self.wanted else f"not {shown}"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {"kind": "items", "items": list(self.items), "wanted": self.wanted, "said": self.said}


@dataclass(frozen=True, slots=True)
class TasteWish:
    """An item is near to what the asker met last, or, not `near`, unlike it."""

    near: bool
    said: str
    importance: int = RESEMBLANCE

    def words(self) -> str:
        """The wish in a few words."""
        return "like what you know" if self.near else "unlike what you know"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {"kind": "taste", "near": self.near, "said": self.said}


@dataclass(frozen=True, slots=True)
class MeaningWish:
    """The text of an item has to do with `text`; not `wanted`: it has not. It orders, and never excludes.

    `weight` is what it counts beside the other wishes: less where it is what was left over of a text.
    """

    text: str
    wanted: bool
    said: str
    importance: int = VAGUE
    weight: float = 1.0

    def words(self) -> str:
        """The wish in a few words."""
        return f"{'about' if self.wanted else 'not about'} “{self.text}”"

    def data(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {"kind": "meaning", "text": self.text, "wanted": self.wanted, "said": self.said}


Wish = LabelWish | ValueWish | RangeWish | LikeWish | ItemsWish | TasteWish | MeaningWish


@dataclass(frozen=True, slots=True)
class Did:
    """What one word of a text did: became part of a wish (`what` says which), or nothing (`what` is "")."""

    word: str
    what: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a reader made of a text.

    Attributes:
        ignored: the words that did nothing, but for those without a meaning of their own such as articles.
        trace: what each word did, in the order of the text.
    """

    wishes: tuple[Wish, ...] = ()
    ignored: tuple[str, ...] = ()
    trace: tuple[Did, ...] = ()

    def words(self) -> list[str]:
        """Every wish in a few words."""
        return [wish.words() for wish in self.wishes]

    def data(self) -> list[dict[str, Any]]:
        """Every wish as JSON, with its words."""
        return [{**wish.data(), "words": wish.words()} for wish in self.wishes]


NO_WISHES = Wishes()


def _listed(names: Sequence[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
