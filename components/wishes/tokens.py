"""Cuts a text into words, each with what stands before it and whether it is written large."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TOKENS = 400
"""What is beyond is not read: a profile may have 4,000 characters, and each word costs time."""
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)?(?:['’][^\W\d_]+)*", re.UNICODE)
_POSSESSIVE = re.compile(r"'s$|(?<=s)'$")
_DIGIT = re.compile(r"\d")
_DECADE = re.compile(r"^(\d{2}|\d{4})'s$")
_SHORT_UNIT = re.compile(r"(\d+)(h|hr|hrs|min|mins|m)(\d+)?(m|min|mins)?")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text.

    Attributes:
        text: as it stands there.
        word: folded: small, without accents, without a possessive 's.
        gap: what stands between the word before and this one.
        large: begins with a capital letter, though no sentence does.
    """

    text: str
    word: str
    gap: str
    large: bool


def fold(text: str) -> str:
    """`text` in small letters without accents, with straight apostrophes."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def tokenize(text: str) -> tuple[Token, ...]:
    """The first `MAX_TOKENS` words of `text`, in order; "1h30" and "90min" are cut into number and unit."""
    found: list[Token] = []
    end, begins = 0, True
    for match in _WORD.finditer(text):
        gap, raw = text[end : match.start()], match[0]
        begins = not found or bool(re.search(r"[.!?]\s", gap))
        end = match.end()
        large = raw[0].isupper() and not begins
        folded = _DECADE.sub(r"\1s", fold(raw))
        unit = _SHORT_UNIT.fullmatch(folded)
        if unit and (unit[2] != "m" or int(unit[1]) > 19):
            parts = [part for part in unit.groups() if part]
            found += [Token(part, part, gap if place == 0 else " ", False) for place, part in enumerate(parts)]
        else:
            found.append(Token(raw, _POSSESSIVE.sub("", folded) or folded, gap, large))
        if len(found) >= MAX_TOKENS:
            break
    return tuple(found[:MAX_TOKENS])


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of `text`."""
    if not _DIGIT.search(text):
        return tuple(_POSSESSIVE.sub("", word) or word for word in _WORD.findall(fold(text)))[:MAX_TOKENS]
    return tuple(token.word for token in tokenize(text))


def joined(tokens: Sequence[Token]) -> str:
    """The text of `tokens` again, with what stood between them."""
    return "".join(f"{token.gap if place else ''}{token.text}" for place, token in enumerate(tokens)).strip()
