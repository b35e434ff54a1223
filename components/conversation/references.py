"""Finds which of the items shown a message speaks of: "the third", "number 2", "the last one", "that one", a title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.wishes.names import names_of_title
from components.wishes.tokens import fold, words_of

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ONES = r"(?: (?:one|film|movie|item|book|title|result|suggestion|option))?"
_ORDINAL = re.compile(rf"\b(?:the )?({'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th)){_ONES}\b(?! (?:half|part|world))")
_NUMBERED = re.compile(rf"(?:\b(?:number|no\.?|item|option)\s*|#)(\d{{1,2}}|{'|'.join(_NUMBERS)})\b")
_LAST = re.compile(rf"\bthe last{_ONES.replace('?', '', 1)[:-1]}\b|\bthe last one\b|\bthe last$")
_THAT = re.compile(
    r"\b(?:that|this)(?: (?:one|film|movie|item|book|title))?$|\b(?:that|this) (?:one|film|movie|item|book)\b|\bit\b"
)
_ALL = re.compile(
    r"\b(?:none|neither|not any|not|no) of (?:these|those|them)\b|\b(?:not|no to|skip) (?:these|those|them)\b"
)


@dataclass(frozen=True)
class Reference:
    """Places in the list shown, from 0, the part of the message that named them, and whether a name did."""

    places: tuple[int, ...]
    said: str
    by_title: bool = False


def find_reference(message: str, titles: Sequence[str], focus: int | None) -> Reference | None:
    """What `message` refers to in a list with these `titles`; None for nothing in it.

    `focus` is the place that was spoken of last; "that one" is the first where none was. A place beyond the list refers
    to nothing.
    """
    text = fold(message)
    if not titles:
        return None
    if found := _ALL.search(text):
        return Reference(tuple(range(len(titles))), found[0])
    for pattern in (_ORDINAL, _NUMBERED):
        places, said = [], ""
        for match in pattern.finditer(text):
            place = _place(match[1])
            if place is not None and place < len(titles):
                places.append(place)
                said = said or match[0]
        if places:
            return Reference(tuple(dict.fromkeys(places)), said)
    if found := _LAST.search(text):
        return Reference((len(titles) - 1,), found[0])
    named = _by_title(text, titles)
    if named is not None:
        return named
    if found := _THAT.search(text):
        return Reference((focus if focus is not None else 0,), found[0])
    return None


def _by_title(text: str, titles: Sequence[str]) -> Reference | None:
    words = words_of(text)
    best: Reference | None = None
    for place, title in enumerate(titles):
        for name in names_of_title(title):
            spoken = any(words[at : at + len(name)] == name for at in range(len(words)))
            if spoken and (len(name) > 1 or len(name[0]) > 3) and len(" ".join(name)) > len(best.said if best else ""):
                best = Reference((place,), " ".join(name), by_title=True)
    return best


def _place(word: str) -> int | None:
    if word in _ORDINALS:
        return _ORDINALS.index(word)
    if word in _NUMBERS:
        return _NUMBERS.index(word)
    number = int(re.sub(r"\D", "", word))
    return number - 1 if number > 0 else None
