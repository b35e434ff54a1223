"""Joins wishes that a list makes one, and settles which of two that contradict each other gives way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from components.wishes.function_words import JOINTS, NOUNS
from components.wishes.spans import Span
from components.wishes.tokens import Token
from components.wishes.wish import (
    PEOPLE,
    PLACE,
    REFUSED,
    VAGUE,
    LabelWish,
    MeaningWish,
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
)


def grouped(taken: Sequence[tuple[Wish, Span]], tokens: Sequence[Token]) -> list[tuple[Wish, Span]]:
    """Labels and places in a list are one wish, of which any will do; refused labels side by side count together."""
    found: list[tuple[Wish, Span]] = []
    for wish, span in taken:
        last, before = found[-1] if found else (None, None)
        joint = _joint(tokens, before, span) if before else None
        if joint == "list" and before and _both(tokens, before, span) and isinstance(wish, LabelWish) and wish.wanted:
            found.append((wish, span))
            continue
        if joint == "list" and before and _may_join(last, wish, _either(tokens, before, span)):
            found[-1] = (_merged(last, wish), replace(span, start=before.start if before else span.start))
            continue
        if (
            joint == "side by side"
            and isinstance(wish, LabelWish)
            and isinstance(last, LabelWish)
            and not (wish.wanted or last.wanted or wish.mood or last.mood)
        ):
            found[-1] = (
                replace(last, labels=(*last.labels, *wish.labels), said=f"{last.said} {wish.said}", together=True),
                span,
            )
            continue
        found.append((wish, span))
    return found


def _joint(tokens: Sequence[Token], before: Span, span: Span) -> str | None:
    """How two spans hang together: as parts of a list, side by side, or not at all."""
    if before.end > span.start or before.start == span.start:
        return None
    between = [token.word for token in tokens[before.end : span.start]]
    gaps = "".join(token.gap for token in tokens[before.end : span.start + 1]).strip()
    if any(mark in gaps for mark in ";.!?("):
        return None
    if all(word in JOINTS or word in NOUNS for word in between) and (
        set(between) & JOINTS or gaps in (",", "/", "&", "+")
    ):
        return "list"
    return "side by side" if not between and not gaps.strip("-") else None


_AT_ONCE = tuple(
    tuple(phrase.split())
    for phrase in (
        "in one",
        "at once",
        "at the same time",
        "combined",
        "together",
        "mixed",
        "in equal measure",
        "in the same",
        "rolled into one",
        "in a single",
    )
)
_MIXING = frozenset(
    ["both", "mix", "mixture", "blend", "combination", "cross", "mixes", "combines", "blends", "combining", "mixing"]
)


def _both(tokens: Sequence[Token], first: Span, second: Span) -> bool:
    """Whether all is wished at once: "both" or "a mix of" stands before the first, or "in one" behind the second."""
    if any(token.word in _MIXING for token in tokens[max(0, first.start - 3) : first.start]):
        return True
    behind = tuple(token.word for token in tokens[second.end : second.end + 4])
    return any(behind[: len(phrase)] == phrase for phrase in _AT_ONCE)


def _either(tokens: Sequence[Token], before: Span, span: Span) -> bool:
    """Whether an "or" stands between two spans."""
    return any(token.word == "or" for token in tokens[before.end : span.start])


def _may_join(last: Wish | None, wish: Wish, either: bool) -> bool:
    if isinstance(last, LabelWish) and isinstance(wish, LabelWish):
        return last.wanted and wish.wanted and not last.mood and not wish.mood
    if isinstance(last, ValueWish) and isinstance(wish, ValueWish):
        if last.wanted and wish.wanted and last.importance == wish.importance == PEOPLE:
            return either and bool(set(last.attributes) & set(wish.attributes))
        same = last.wanted == wish.wanted and set(last.attributes) == set(wish.attributes)
        return same and last.importance in (PLACE, REFUSED)
    return False


def _merged(last: Wish | None, wish: Wish) -> Wish:
    if isinstance(last, LabelWish) and isinstance(wish, LabelWish):
        return replace(
            last, labels=tuple(dict.fromkeys([*last.labels, *wish.labels])), said=f"{last.said}, {wish.said}"
        )
    assert isinstance(last, ValueWish) and isinstance(wish, ValueWish)  # noqa: S101 `_may_join` has looked
    attributes = tuple(dict.fromkeys([*last.attributes, *wish.attributes]))
    values = tuple(dict.fromkeys([*last.values, *wish.values]))
    return replace(last, attributes=attributes, values=values, said=f"{last.said}, {wish.said}")


def without_conflicts(taken: list[tuple[Wish, Span]], liked: frozenset[str]) -> list[tuple[Wish, Span]]:
    """What is said outright wins over what a mood or another name of a label brings along; so do the labels of what is

    named to be like.
    """
    wanted = {
        label
        for wish, _ in taken
        if isinstance(wish, LabelWish) and wish.wanted and not wish.mood
        for label in wish.labels
    }
    refused = {
        label
        for wish, _ in taken
        if isinstance(wish, LabelWish) and not wish.wanted and not wish.mood and not wish.together
        for label in wish.labels
    }
    by_mood = [set(wish.labels) for wish, _ in taken if isinstance(wish, LabelWish) and wish.wanted and wish.mood]
    numbers = {wish.attribute for wish, _ in taken if isinstance(wish, RangeWish) and wish.importance != VAGUE}
    kept: list[tuple[Wish, Span]] = []
    for wish, span in taken:
        if isinstance(wish, RangeWish) and wish.importance == VAGUE and wish.attribute in numbers:
            continue
        if isinstance(wish, LabelWish) and wish.mood:
            mine = set(wish.labels)
            away = refused if wish.wanted else wanted | (liked if liked <= mine else frozenset())
            if not wish.wanted:  # two moods that would leave nothing: the one that is wanted stays
                away = away | set().union(*(labels for labels in by_mood if labels <= mine))
            labels = tuple(label for label in wish.labels if label not in away)
            if not labels:
                if not wish.wanted and wish.importance == REFUSED:
                    kept.append((MeaningWish(wish.said, False, wish.said), span))
                continue
            wish = replace(wish, labels=labels)
        elif isinstance(wish, LabelWish) and wish.wanted and refused:
            labels = tuple(label for label in wish.labels if label not in refused)
            if not labels:
                continue
            wish = replace(wish, labels=labels)
        if not any(_same(wish, other) for other, _ in kept):
            kept.append((wish, span))
    return kept


def _same(one: Wish, other: Wish) -> bool:
    if isinstance(one, TasteWish) and isinstance(other, TasteWish):
        return True
    return type(one) is type(other) and replace(one, said="") == replace(other, said="")
