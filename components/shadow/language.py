"""Tells whether a text is in another language than the one wanted, by its most frequent small words."""

from __future__ import annotations

import re

LANGUAGE_FAULT = "other_language"
_SMALL_WORDS = {
    "en": "the a an and of to in you your with for is it that this as on like from more about are was by",
    "de": "der die das und ist nicht du dein deine mit für ein eine wie auf auch dem den zu von im sich",
    "fr": "le la les un une et est vous votre avec pour des du dans que qui pas sur ce cette comme plus",
    "es": "el la los las un una y es tu su con para de del en que no por como más te lo al",
    "it": "il lo la gli le un una e è tuo tua con per di del in che non come più ti al della",
    "pt": "o a os as um uma e é seu sua com para de do da em que não por como mais você ao",
    "nl": "de het een en is je jouw met voor van in dat niet op als ook aan bij maar meer",
}
WORDS_OF = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
CLEARLY = 2
"""How many more small words of another language than of the wanted one make it that language."""


def is_other_language(text: str, wanted: str) -> bool:
    """Whether `text` is clearly not in the language `wanted` (ISO 639-1).

    A short text without small words passes, as names and genres are the same in many languages. Text in another
    script than Latin does not, where the wanted language is written in it.
    """
    words = [word.casefold() for word in _WORD.findall(text)]
    letters = [char for word in words for char in word]
    if letters and sum(ord(char) > 0x24F for char in letters) > len(letters) / 2:
        return wanted in WORDS_OF
    counts = {language: sum(word in small for word in words) for language, small in WORDS_OF.items()}
    return max(counts.values()) >= counts.get(wanted, 0) + CLEARLY
