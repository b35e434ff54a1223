"""Finds what says who or where somebody is: addresses of mail and web, spelled out or not, numbers of phones and cards.

The same patterns keep it from a provider's prompt and from the reasons that a model gives. Each is linear in its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_EMAIL = re.compile(r"(?<![^\s@<>])[^\s@<>]{1,320}@[^\s@<>]{1,255}")
_SPELLED_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}[ \[({]{1,4}at[ \])}]{1,4}[\w-]{1,63}(?:[ \[({]{1,4}dot[ \])}]{1,4}[\w-]{2,63}){1,4}",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+-]{1,15}://|\bwww\.)\S*", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:javascript|vbscript|data|file|mailto|tel|sms|blob)\s{0,3}:", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.-])(?:[\w-]{2,63}\.){1,6}[a-z]{2,24}\b(?:/\S*)?")
_SPELLED_DOMAIN = re.compile(
    r"(?<![\w-])[\w-]{2,63}[ \[({]{1,4}dot[ \])}]{1,4}(?:com|net|org|io|co|app|dev|info|biz|xyz|me|tv|[a-z]{2})\b", re.I
)
# A digit, then digits with at most three of " -./()" between them; a leading + or 00 is part of it.
_DIGITS = re.compile(r"(?<![\w.])\+?\(?\d(?:[ \-./()\u2010-\u2015]{0,3}\d){6,23}(?!\w)")
_YEARS = re.compile(r"(?:19|20)\d\d\D{1,3}(?:19|20)\d\d")
_CARD_DIGITS = range(13, 20)


def without_personal_data(text: str) -> str:
    """`text` with a blank for each mail address, link and number of a phone or a card."""
    for pattern in (_SPELLED_EMAIL, _EMAIL, _LINK):
        text = pattern.sub(" ", text)
    return _DIGITS.sub(_blank_where(_is_number_of_somebody), text)


def names_address(text: str) -> bool:
    """Whether something leads out of the text: a link, a domain however it is spelled, a scheme such as javascript:."""
    patterns = (_LINK, _SCHEME, _DOMAIN, _SPELLED_DOMAIN, _SPELLED_EMAIL, _EMAIL)
    return any(pattern.search(text) for pattern in patterns)


def names_person(text: str) -> bool:
    """Whether there is the number of a phone or a card."""
    return any(_is_number_of_somebody(match) for match in _DIGITS.finditer(text))


def _is_number_of_somebody(match: re.Match[str]) -> bool:
    """Two years are none; a card's digits add up (Luhn), and what is shorter may be a phone's."""
    digits = [int(char) for char in match[0] if char.isdigit()]
    if _YEARS.fullmatch(match[0]):
        return False
    return len(digits) not in _CARD_DIGITS or _adds_up(digits) or match[0].startswith(("+", "00"))


def _adds_up(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _blank_where(found: Callable[[re.Match[str]], bool]) -> Callable[[re.Match[str]], str]:
    return lambda match: " " if found(match) else match[0]
