"""Reads an order out of a model's reply, whatever the reply is: strangers and repeats are dropped, gaps are filled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MAX_CHARACTERS = 20_000
"""More than any allowed reply has; the rest is not read."""
# None of these looks at a character more often than a fixed number of times: a reply may be made to be slow to read.
_OPEN_ORDER = re.compile(r'"order"\s*+:\s*+\[([\d\s,"]*+)')
_LISTED = re.compile(r"^[ \t]*+\d{1,3}[ \t]?[.):][ \t]*+[\[(#]?(\d{1,4})\b(?![ \t]?[.):])", re.MULTILINE)
_ALONE = re.compile(r"(?<!\w)\d{1,4}(?!\w)")
_BRACKETS = str.maketrans("", "", "[]()")
_SEPARATORS = ("", ",", ";", ">")
_NUMBER = re.compile(r"\d{1,4}")


@dataclass(frozen=True)
class ParsedReply:
    """What a reply says of `n` candidates.

    Attributes:
        order: positions from 0, each of the `n` once: those that the model placed, then the others as they were given.
        n_placed: how many the model placed; 0 means that the reply holds no order.
        reasons: what it says of a position.
        repairs: how often each kind of mistake was mended: duplicate, stranger, missing, prose, truncated.
    """

    order: tuple[int, ...]
    n_placed: int
    reasons: Mapping[int, str] = field(default_factory=dict)
    repairs: Mapping[str, int] = field(default_factory=dict)


def parse_reply(text: str, n: int, k: int) -> ParsedReply:
    """The order in `text`: the JSON that was asked for, or else a plain list of numbers such as "3, 1, 2".

    Args:
        n: candidates shown, which the reply numbers from 1.
        k: how many places were asked for; fewer ones are counted as missing, and filled from the given order.
    """
    text = text[:MAX_CHARACTERS]
    found = _from_json(text)
    repairs: dict[str, int] = {}
    if found is None:
        found = _from_prose(text, repairs)
    return _completed(*found, n, k, repairs)


def read_reply(order: Sequence[object], reasons: Sequence[object], n: int, k: int) -> ParsedReply:
    """As `parse_reply`, of a reply that is parsed already."""
    return _completed(order, reasons, n, k, {})


def _completed(
    numbers: Sequence[object], reasons: Sequence[object], n: int, k: int, repairs: dict[str, int]
) -> ParsedReply:
    placed: dict[int, str] = {}
    for place, number in enumerate(numbers):
        position = _position(number, n)
        if position is None:
            repairs["stranger"] = repairs.get("stranger", 0) + 1
        elif position in placed:
            repairs["duplicate"] = repairs.get("duplicate", 0) + 1
        else:
            reason = reasons[place] if place < len(reasons) else ""
            placed[position] = reason if isinstance(reason, str) else ""
    if 0 < len(placed) < min(n, k):
        repairs["missing"] = min(n, k) - len(placed)
    rest = tuple(position for position in range(n) if position not in placed)
    said = {position: reason for position, reason in placed.items() if reason.strip()}
    return ParsedReply((*placed, *rest), len(placed), said, repairs)


def _position(number: object, n: int) -> int | None:
    """The position that a number from 1 to `n` means; None for anything else."""
    if isinstance(number, str) and _NUMBER.fullmatch(number.strip()):
        number = int(number)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return number - 1 if type(number) is int and 1 <= number <= n else None


def _from_json(text: str) -> tuple[list[object], list[object]] | None:
    start, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("order"), list):
        return None
    reasons = value.get("reasons")
    return value["order"], reasons if isinstance(reasons, list) else []


def _from_prose(text: str, repairs: dict[str, int]) -> tuple[list[object], list[object]]:
    """The start of cut-off JSON, a numbered list of numbers, or the longest run of numbers; else nothing."""
    if match := _OPEN_ORDER.search(text):
        repairs["truncated"] = 1
        return list(_NUMBER.findall(match[1])), []
    if len(listed := _LISTED.findall(text)) > 1:
        repairs["prose"] = 1
        return list(listed), []
    longest = max(_runs(text), key=len, default=[])
    if len(longest) < 2:
        return [], []
    repairs["prose"] = 1
    return [*longest], []


def _runs(text: str) -> list[list[str]]:
    """Numbers with nothing between them but blanks, brackets and one separator."""
    runs: list[list[str]] = []
    end = -1
    for match in _ALONE.finditer(text):
        between = text[end : match.start()].translate(_BRACKETS) if end >= 0 else ""
        if between and between.strip() in _SEPARATORS:
            runs[-1].append(match[0])
        else:
            runs.append([match[0]])
        end = match.end()
    return runs
