"""Finds items by a text: its words, its meaning and how well liked an item is, joined by weights that were measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.recommenders.text.encoder import TextEncoder, Vectors, cosines
from components.retrieval.lexical import LexicalIndex

MEANING = 0.15
"""What the encoder counts beside the words, which have the rest of 1; see benchmarks/words.py."""
LIKED = 0.15
"""What the best liked item gains: of two that answer alike the better known one is meant."""

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class TextSearch:
    """One catalogue's search.

    Attributes:
        vectors: what each item says about itself, as vectors of `encoder`, (n_items, width).
        liked: how well liked each item is, from 0 to 1, (n_items,).
    """

    words: LexicalIndex
    encoder: TextEncoder
    vectors: Vectors
    liked: Scores
    meaning: float = MEANING

    def scores(self, text: str) -> Scores | None:
        """How well every item answers to `text`, (n_items,), from 0 to 1; None where nothing has to do with it."""
        lexical = self.words.scores(text)
        close = cosines(self.vectors, self.encoder.encode([text])) if self.meaning else None
        parts = [(1 - self.meaning, lexical), (self.meaning, close)]
        found = [(weight, scores) for weight, scores in parts if scores is not None and scores.max(initial=0) > 0]
        if not found:
            return None
        joined = np.sum([weight * np.maximum(scores, 0) / scores.max() for weight, scores in found], axis=0)
        return np.asarray(joined, np.float32)

    def ranked(self, text: str) -> Scores | None:
        """As `scores`, with what the well liked gain: 0 only where an item has nothing to do with `text`."""
        scores = self.scores(text)
        return None if scores is None else np.asarray(np.where(scores > 0, scores + LIKED * self.liked, 0), np.float32)
