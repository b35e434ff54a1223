"""Joins what a message wishes with what the conversation wished before: the newer wins where they cannot both hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from components.wishes.facts import CatalogueFacts
from components.wishes.tokens import fold, words_of
from components.wishes.vocabulary import Comparative, Phrase
from components.wishes.wish import (
    LIMIT,
    PLACE,
    REFUSED,
    VAGUE,
    ItemsWish,
    LabelWish,
    LikeWish,
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
)

_TOPICS = {
    "runtime": "length long short time duration minutes hours runtime",
    "duration": "length long short time duration minutes hours runtime",
    "pages": "length long short pages",
    "year": "year years decade era age old new period",
    "price": "price cost money budget cheap",
    "labels": "genre genres kind category mood label type",
    "values": "people person actor actors actress director cast writer author country language who where",
    "like": "likeness similarity resemblance",
    "items": "title name",
}


def refined(before: Sequence[Wish], new: Sequence[Wish]) -> tuple[Wish, ...]:
    """The wishes of `before` that `new` leaves, and then those."""
    kept = list(before)
    for wish in _without_outright(new, before):
        kept = [left for old in kept if (left := _left_by(old, wish)) is not None]
        kept.append(wish)
    return tuple(kept)


def started_anew(before: Sequence[Wish]) -> tuple[Wish, ...]:
    """What stays of `before` when something is wished instead: numbers, places, refusals, and not the subject."""
    return tuple(wish for wish in before if _is_frame(wish))


def without_topic(before: Sequence[Wish], text: str, read: Sequence[Wish]) -> tuple[Wish, ...]:
    """`before` without the wishes that `text` speaks of: by the words of their kind, or as `read` from it."""
    words = set(words_of(text))
    return tuple(
        wish for wish in before if not _is_topic(wish, words) and not any(_same_subject(wish, r) for r in read)
    )


def compared_with_shown(
    read: Sequence[Wish],
    shown: Sequence[str],
    facts: CatalogueFacts,
    comparatives: Mapping[Phrase, Comparative],
) -> tuple[Wish, ...]:
    """`read` with "shorter" said of the items `shown`: beyond the middle one of those of which the number is known."""
    rows = facts.rows(shown)
    found: list[Wish] = []
    for wish in read:
        if (
            isinstance(wish, RangeWish)
            and wish.importance == VAGUE
            and words_of(wish.said) in comparatives
            and len(rows)
        ):
            numbers = facts.numbers[wish.attribute][rows]
            numbers = numbers[~np.isnan(numbers)]
            if len(numbers):
                edge, above = float(np.median(numbers)), wish.low is not None
                low, high = (edge, None) if above else (None, edge)
                wish = RangeWish(wish.attribute, low, high, wish.said, open=True, importance=LIMIT)
        found.append(wish)
    return tuple(found)


def _without_outright(new: Sequence[Wish], before: Sequence[Wish]) -> Iterable[Wish]:
    """`new` without the labels that a mood refuses and that were asked for outright: "no kids' films" of animation."""
    asked = {
        label
        for wish in before
        if isinstance(wish, LabelWish) and wish.wanted and not wish.mood
        for label in wish.labels
    }
    for wish in new:
        if isinstance(wish, LabelWish) and wish.mood and not wish.wanted and asked & set(wish.labels):
            labels = tuple(label for label in wish.labels if label not in asked)
            if labels:
                yield replace(wish, labels=labels)
            continue
        yield wish


def _left_by(old: Wish, new: Wish) -> Wish | None:
    """What the wish `old` still asks for beside `new`."""
    if isinstance(new, ItemsWish) and new.wanted:
        return old if isinstance(old, ItemsWish) and not old.wanted else None
    if isinstance(old, ItemsWish) and old.wanted:
        return None
    if isinstance(old, RangeWish) and isinstance(new, RangeWish) and old.attribute == new.attribute:
        return old if _both_can_hold(old, new) else None
    if isinstance(old, LabelWish) and isinstance(new, LabelWish):
        return _label_left(old, new)
    if isinstance(old, ValueWish) and isinstance(new, ValueWish) and set(old.attributes) & set(new.attributes):
        same = {fold(name) for name in old.values} & {fold(name) for name in new.values}
        replaces = old.wanted and new.wanted and new.importance == PLACE
        return None if replaces or (same and (old.wanted != new.wanted or len(same) == len(old.values))) else old
    if isinstance(old, LikeWish) and isinstance(new, LikeWish):
        return None if (old.wanted and new.wanted) or set(old.items) & set(new.items) else old
    if isinstance(old, TasteWish) and isinstance(new, TasteWish):
        return None
    if type(old) is type(new) and replace(old, said="") == replace(new, said=""):
        return None
    return old


def _label_left(old: LabelWish, new: LabelWish) -> LabelWish | None:
    common = set(old.labels) & set(new.labels)
    if old.wanted == new.wanted:
        return None if set(old.labels) == set(new.labels) and old.together == new.together else old
    if not common or (not old.wanted and old.together):
        return old
    if not new.wanted and new.importance != REFUSED:  # what a mood avoids yields to what was said
        return old
    left = tuple(label for label in old.labels if label not in common)
    return replace(old, labels=left) if left else None


def _both_can_hold(old: RangeWish, new: RangeWish) -> bool:
    if not (old.wanted and new.wanted):
        return True
    if (old.low is not None and new.low is not None) or (old.high is not None and new.high is not None):
        return False
    low = max((end for end in (old.low, new.low) if end is not None), default=float("-inf"))
    high = min((end for end in (old.high, new.high) if end is not None), default=float("inf"))
    return low < high


def _is_frame(wish: Wish) -> bool:
    if isinstance(wish, RangeWish):
        return wish.importance != VAGUE
    if isinstance(wish, LabelWish | ItemsWish):
        return not wish.wanted and wish.importance >= REFUSED
    return isinstance(wish, ValueWish) and (not wish.wanted or wish.importance == PLACE)


def _is_topic(wish: Wish, words: set[str]) -> bool:
    if isinstance(wish, RangeWish):
        return bool(words & {*words_of(wish.attribute.replace("_", " ")), *_TOPICS.get(wish.attribute, "").split()})
    return bool(words & set(_TOPICS.get(str(wish.data()["kind"]), "").split()))


def _same_subject(wish: Wish, read: Wish) -> bool:
    if isinstance(wish, RangeWish) and isinstance(read, RangeWish):
        return wish.attribute == read.attribute
    if isinstance(wish, LabelWish) and isinstance(read, LabelWish):
        return bool(set(wish.labels) & set(read.labels))
    if isinstance(wish, ValueWish) and isinstance(read, ValueWish):
        return bool(_folded(wish.values) & _folded(read.values))
    if isinstance(wish, LikeWish | ItemsWish) and isinstance(read, LikeWish | ItemsWish):
        return bool(set(wish.items) & set(read.items))
    return False


def _folded(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in names}
