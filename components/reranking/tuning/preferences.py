"""What a reranker is tuned on and judged by, which users are kept apart for that, and controls without titles.

A document is what a reranker reads of an item, its title up to the first bar (`components.reranking.prompt`).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

ShuffledTitles = Literal["none", "items", "mentions"]
BAR = "|"


class TuningError(ValueError):
    """Something cannot be tuned or judged; the message names it, and what to do."""


@dataclass(frozen=True)
class ItemPreference:
    """An item that a user preferred to others of one list; `items` and `documents` begin with it."""

    user: str
    request_id: str
    query: str
    items: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class LikedList:
    """A list in the ranker's order, and what of it the user liked, which is not nothing."""

    user: str
    query: str
    items: tuple[str, ...]
    documents: tuple[str, ...]
    liked: tuple[bool, ...]


def joined(pairs: Sequence[ItemPreference]) -> list[ItemPreference]:
    """One preference for each request and preferred item, over all that was passed over there; for a listwise loss."""
    found: dict[tuple[str, str], ItemPreference] = {}
    for pair in pairs:
        place = (pair.request_id, pair.items[0])
        so_far = found.get(place)
        if so_far is None:
            found[place] = pair
        else:
            items, documents = so_far.items + pair.items[1:], so_far.documents + pair.documents[1:]
            found[place] = replace(so_far, items=items, documents=documents)
    return list(found.values())


def keep_apart(users: Collection[str], share: float, seed: int) -> frozenset[str]:
    """The users whom nothing is learnt of: this share, at least one, drawn by the seed in whatever order they come."""
    drawn = sorted(set(users))
    random.Random(f"kept apart {seed}").shuffle(drawn)  # noqa: S311 - no secret
    return frozenset(drawn[: max(round(share * len(drawn)), 1)])


class TitleShuffle:
    """Gives documents the titles of others, drawn from `titles_of` (a title by item).

    With `items` each item bears another one's title throughout: what words mean is gone, which item it is can still be
    learnt. With `mentions` each mention draws a title anew: both are gone.
    """

    def __init__(self, kind: ShuffledTitles, titles_of: dict[str, str], seed: int) -> None:
        self._kind = kind
        self._random = random.Random(f"titles {seed}")  # noqa: S311 - no secret
        items = sorted(titles_of)
        self._titles = [titles_of[item] for item in items]
        drawn = list(self._titles)
        self._random.shuffle(drawn)
        self._given = dict(zip(items, drawn, strict=True))

    def preference(self, one: ItemPreference) -> ItemPreference:
        """`one` with other titles in its documents."""
        return replace(one, documents=self._changed(one.items, one.documents))

    def liked_list(self, one: LikedList) -> LikedList:
        """`one` with other titles in its documents."""
        return replace(one, documents=self._changed(one.items, one.documents))

    def _changed(self, items: Sequence[str], documents: Sequence[str]) -> tuple[str, ...]:
        if self._kind == "none":
            return tuple(documents)
        return tuple(
            BAR.join([self._title(item), *document.split(BAR)[1:]])
            for item, document in zip(items, documents, strict=True)
        )

    def _title(self, item: str) -> str:
        return self._given[item] if self._kind == "items" else self._random.choice(self._titles)


def titles_in(those: Sequence[ItemPreference | LikedList]) -> dict[str, str]:
    """The title of each item that is mentioned."""
    mentioned = [pair for one in those for pair in zip(one.items, one.documents, strict=True)]
    return {item: document.split(BAR, 1)[0] for item, document in mentioned}
