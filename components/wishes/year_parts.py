"""Reads which part of a decade or century a text means: the first half of the 80s, between the wars."""

from __future__ import annotations

from collections.abc import Sequence

Share = tuple[float, float]
"""From where to where, as shares of the span."""

_WORDS: dict[str, Share] = {"early": (0, 0.4), "mid": (0.4, 0.7), "middle": (0.4, 0.7), "late": (0.7, 1)}
_OF: dict[str, Share] = {
    "first half": (0, 0.5),
    "early half": (0, 0.5),
    "earlier half": (0, 0.5),
    "second half": (0.5, 1),
    "latter half": (0.5, 1),
    "later half": (0.5, 1),
    "last half": (0.5, 1),
    "other half": (0.5, 1),
    "beginning": (0, 0.4),
    "beginnings": (0, 0.4),
    "start": (0, 0.4),
    "dawn": (0, 0.4),
    "early part": (0, 0.4),
    "early years": (0, 0.4),
    "first years": (0, 0.4),
    "first few years": (0, 0.4),
    "opening years": (0, 0.4),
    "first third": (0, 0.4),
    "middle": (0.4, 0.7),
    "middle part": (0.4, 0.7),
    "middle years": (0.4, 0.7),
    "end": (0.7, 1),
    "tail end": (0.7, 1),
    "late part": (0.7, 1),
    "later part": (0.6, 1),
    "latter part": (0.6, 1),
    "later years": (0.6, 1),
    "late years": (0.7, 1),
    "last years": (0.7, 1),
    "last few years": (0.7, 1),
    "closing years": (0.7, 1),
    "final years": (0.7, 1),
    "last third": (0.7, 1),
}
_BY_WORDS = {tuple(phrase.split()): share for phrase, share in _OF.items()}
_PERIODS: dict[tuple[str, ...], tuple[float | None, float | None]] = {
    ("prewar",): (None, 1939),
    ("pre", "war"): (None, 1939),
    ("postwar",): (1945, 1960),
    ("post", "war"): (1945, 1960),
    ("interwar",): (1918, 1939),
    ("inter", "war"): (1918, 1939),
    ("between", "the", "wars"): (1918, 1939),
    ("between", "the", "two", "wars"): (1918, 1939),
    ("between", "the", "world", "wars"): (1918, 1939),
}
WORDS = frozenset(word for phrase in (*_BY_WORDS, *_PERIODS) for word in phrase) | {*_WORDS}
"""All words that rules here look for."""


def part_at(words: Sequence[str], at: int) -> tuple[Share, int] | None:
    """The part that `words` name at `at`, and where the decade or century that it is of begins; None for none."""
    for length in (3, 2, 1):
        share = _BY_WORDS.get(tuple(words[at : at + length]))
        if share is not None and words[at + length : at + length + 1] == ["of"]:
            return share, _behind_article(words, at + length + 1)
    if words[at] not in _WORDS:
        return None
    share, end = _WORDS[words[at]], at + 1
    if words[end : end + 1] in (["to"], ["and"], ["or"]) and words[end + 1 : end + 2] and words[end + 1] in _WORDS:
        share, end = (share[0], _WORDS[words[end + 1]][1]), end + 2
    elif words[end : end + 1] and words[end] in _WORDS:
        share, end = (share[0], _WORDS[words[end]][1]), end + 1
    return share, _behind_article(words, end)


def years_of(share: Share, low: float, high: float) -> tuple[float, float]:
    """The years of a part of the span from `low` to `high`, both in it."""
    length = high - low + 1
    return low + round(share[0] * length), low + round(share[1] * length) - 1


def period_at(words: Sequence[str], at: int) -> tuple[float | None, float | None, int] | None:
    """The years before, between and after the great wars, and where the words for them end."""
    for length in (4, 3, 2, 1):
        found = _PERIODS.get(tuple(words[at : at + length]))
        if found is not None:
            return found[0], found[1], at + length
    return None


def _behind_article(words: Sequence[str], at: int) -> int:
    while at < len(words) and words[at] in ("the", "to", "that", "last"):
        at += 1
    return at
