"""Finds items by the words of their texts: BM25 over weighted fields, forgiving of spelling mistakes.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6 for the fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy.sparse import csc_array, csr_array

K1 = 1.2
B = 0.5
FORGIVEN = 0.6
"""What a word counts that is spelled almost as one that was asked for."""
BEGINNING = 0.5
"""What a word counts that begins with one that was asked for, of four letters at least."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)*")

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class LexicalIndex:
    """The words of a catalogue's texts.

    Attributes:
        words: sorted, one per column.
        weights: BM25 weight of each word in each item, (n_items, n_words).
    """

    words: tuple[str, ...]
    weights: csc_array

    def scores(self, text: str) -> Scores | None:
        """How well each item answers to the words of `text`, (n_items,); None where none has any of them."""
        asked = self._columns(text)
        if not asked:
            return None
        found = np.zeros(self.weights.shape[0], np.float32)
        for columns in asked:
            best = np.zeros_like(found)  # of several spellings of one word an item counts the best alone
            for column, weight in columns.items():
                span = slice(self.weights.indptr[column], self.weights.indptr[column + 1])
                rows = self.weights.indices[span]
                best[rows] = np.maximum(best[rows], np.float32(weight) * self.weights.data[span])
            found += best
        return found if found.any() else None

    def knows(self, word: str) -> bool:
        """Whether any item has the word, spelled so."""
        return word in self._column_of

    def _columns(self, text: str) -> list[dict[int, float]]:
        """For each word of `text` the columns that stand for it, with what each counts."""
        found = []
        for word in dict.fromkeys(folded_words(text)):
            exact = self._column_of.get(word)
            if exact is not None:
                found.append({exact: 1.0})
                continue
            if len(word) < 4:
                continue
            most = 1 if len(word) < 8 else 2
            near = process.extract(word, self.words, scorer=OSA.distance, score_cutoff=most, limit=10)
            columns = {place: FORGIVEN / distance for _, distance, place in near}
            for place in self._beginning_with(word):
                columns[place] = max(columns.get(place, 0.0), BEGINNING)
            if columns:
                found.append(columns)
        return found

    def _beginning_with(self, word: str) -> range:
        start = int(np.searchsorted(self._sorted, word))
        end = int(np.searchsorted(self._sorted, word + "\uffff"))
        return range(start, min(end, start + 50))

    @cached_property
    def _sorted(self) -> NDArray[np.str_]:
        return np.array(self.words)

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.words)}


def build_lexical_index(fields: Mapping[str, Sequence[str]], boosts: Mapping[str, float]) -> LexicalIndex:
    """The index of items with one text per field and item.

    A word counts what its fields' `boosts` say, less in a field that is longer than others of its kind (BM25F).
    """
    n_items = len(next(iter(fields.values())))
    counts: list[dict[str, float]] = [{} for _ in range(n_items)]
    for name, texts in fields.items():
        found = [folded_words(text) for text in texts]
        mean = sum(map(len, found)) / n_items or 1.0
        for row, words in enumerate(found):
            share = boosts[name] / (1 - B + B * len(words) / mean)
            for word, n_times in Counter(words).items():
                counts[row][word] = counts[row].get(word, 0.0) + share * n_times
    vocabulary = tuple(sorted({word for row in counts for word in row}))
    column_of = {word: column for column, word in enumerate(vocabulary)}
    columns = np.array([column_of[word] for row in counts for word in row], np.int32)
    times = np.array([count for row in counts for count in row.values()], np.float32)
    offsets = np.cumsum([0, *(len(row) for row in counts)])
    n_having = np.bincount(columns, minlength=len(vocabulary))
    idf = np.log1p((n_items - n_having + 0.5) / (n_having + 0.5)).astype(np.float32)
    values = (idf[columns] * times * (K1 + 1) / (times + K1)).astype(np.float32)
    matrix = csr_array((values, columns, offsets), shape=(n_items, len(vocabulary)))
    return LexicalIndex(vocabulary, csc_array(matrix))


def folded_words(text: str) -> list[str]:
    """The words of `text` in small letters without accents."""
    if text.isascii():
        return _WORD.findall(text.casefold())
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return _WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))
