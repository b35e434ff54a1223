"""Knows which words are ordinary English, and mends the spelling of words that are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

ORDINARY = 200
"""Times that a word comes in the list of words of pyspellchecker; most names stand below."""

RARE = 1000


class Lexicon:
    """Words with frequencies, and the `known` words that a misspelled one may have meant, the first the likelier."""

    def __init__(self, frequencies: Mapping[str, int], known: Iterable[str]) -> None:
        self._frequencies = frequencies
        self._known: dict[str, int] = {}
        for word in known:
            if len(word) > 3 and word.isalpha():
                self._known.setdefault(word, len(self._known))
        self._list = list(self._known)
        self._mended: dict[str, str | None] = {}

    def is_ordinary(self, word: str) -> bool:
        """Whether everybody uses the word."""
        return self._frequencies.get(word, 0) >= ORDINARY or word in self._known

    def is_rare(self, word: str) -> bool:
        """Whether the word is so rare that a capital letter at the beginning of a text makes it a name."""
        return word not in self._known and self._frequencies.get(word, 0) < RARE

    def is_word(self, word: str) -> bool:
        """Whether it is a word at all; names count where they are well known."""
        return word in self._frequencies or word in self._known or word.isdigit()

    def mended(self, word: str) -> str | None:
        """The known word that `word` misspells by a letter, or two in long ones; None where it is right or strange."""
        if len(word) < 4 or not word.isalpha() or self.is_ordinary(word):
            return None
        if word not in self._mended:
            most = 1 if len(word) < 7 or word in self._frequencies else 2
            hits = process.extract(word, self._list, scorer=OSA.distance, score_cutoff=most, limit=8)
            alike = [hit for hit in hits if hit[0][0] == word[0] or (hit[1] == 1 and hit[0][1:] != word[1:])]
            best = min(
                alike, key=lambda hit: (hit[1], hit[0][-1] != word[-1], -self._frequencies.get(hit[0], 0)), default=None
            )
            if len(self._mended) > 10_000:
                self._mended.clear()
            self._mended[word] = best[0] if best else None
        return self._mended[word]


@cache
def english() -> Mapping[str, int]:
    """How often each English word is used, of some 160,000."""
    from spellchecker import SpellChecker

    return dict(SpellChecker(language="en").word_frequency.dictionary)
