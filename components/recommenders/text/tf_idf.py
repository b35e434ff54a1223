"""Texts as weighted counts of their words: the encoder that needs no download, and numpy and scipy alone to answer."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.array_folder import read_array, read_header, write_arrays

MAX_WORDS = 50_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class TfIdf:
    """Sublinear counts times smoothed inverse document frequency, as in Manning, Raghavan and Schütze (2008), 6.4.

    Attributes:
        words: the vocabulary, sorted, one column each.
        weights: inverse document frequency of each word, (n_words,) float32.
    """

    words: tuple[str, ...]
    weights: NDArray[np.float32]

    form: ClassVar[str] = "tf_idf"

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Learn the vocabulary of `texts`: their `MAX_WORDS` most widespread words, the alphabet deciding ties."""
        frequencies = Counter(word for text in texts for word in set(words_of(text)))
        kept = sorted(sorted(frequencies, key=lambda word: (-frequencies[word], word))[:MAX_WORDS])
        counts = np.array([frequencies[word] for word in kept], np.float64)
        return cls(tuple(kept), (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32))

    def encode(self, texts: Sequence[str]) -> csr_array:
        """One unit row per text; a text without a known word is an empty row."""
        columns: list[int] = []
        counts: list[int] = []
        offsets = [0]
        for text in texts:
            found = Counter(self._column_of[word] for word in words_of(text) if word in self._column_of)
            ordered = sorted(found.items())
            columns += [column for column, _ in ordered]
            counts += [count for _, count in ordered]
            offsets.append(len(columns))
        index = np.array(columns, np.int32)
        values = ((1 + np.log(np.array(counts, np.float64))) * self.weights[index]).astype(np.float32)
        starts = np.array(offsets, np.int32)
        sums = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) ** 2)])
        lengths = np.sqrt(sums[starts[1:]] - sums[starts[:-1]])
        values /= np.repeat(lengths, np.diff(starts)).astype(np.float32)
        return csr_array((values, index, starts), shape=(len(texts), len(self.words)))

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        write_arrays(folder, {"form": self.form, "words": list(self.words)}, {"weights": self.weights})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(tuple(read_header(folder)["words"]), read_array(folder, "weights"))

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.words)}


def words_of(text: str) -> list[str]:
    """The words of a text in order, case-folded, without accents and plural s: "Amélie's films" has amelie, s, film."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = _WORD.findall("".join(character for character in plain if not unicodedata.combining(character)))
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words]
