"""Writes wishes as JSON and reads them back, so that a conversation outlives the process that led it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from components.wishes.wish import (
    ItemsWish,
    LabelWish,
    LikeWish,
    MeaningWish,
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
)

_KINDS: dict[str, Any] = {
    "labels": LabelWish,
    "values": ValueWish,
    "range": RangeWish,
    "like": LikeWish,
    "items": ItemsWish,
    "taste": TasteWish,
    "meaning": MeaningWish,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def written(wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    """Each wish as JSON, with all that `read_back` needs."""
    return [{"kind": _NAMES[type(wish)], **asdict(wish)} for wish in wishes]


def read_back(rows: Sequence[Mapping[str, Any]]) -> tuple[Wish, ...]:
    """What `written` wrote; a kind or a field of another version is left out."""
    found: list[Wish] = []
    for row in rows:
        kind = _KINDS.get(str(row.get("kind")))
        if kind is None:
            continue
        known = {field.name for field in fields(kind)}
        values = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in known
        }
        try:
            found.append(kind(**values))
        except TypeError:
            continue
    return tuple(found)
