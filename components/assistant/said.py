"""Lets of a model's words and list through only what the tools returned, and says what was left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.reranking.reasons import TitleIndex, plain_reason
from components.reranking.task import ItemText

_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
MAX_SENTENCES = 4
SENTENCE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be said, and per sentence that may not why: link, personal or unknown_name."""

    text: str
    flaws: tuple[str, ...]


def checked_words(text: str, known: Sequence[ItemText], also: Sequence[str], titles: TitleIndex) -> Checked:
    """The first sentences of `text` that lead nowhere and name nothing but `known` items and words of `also`."""
    good: list[str] = []
    flaws: list[str] = []
    for sentence in _SENTENCES.split(text.strip()):
        if len(good) == MAX_SENTENCES:
            break
        checked = plain_reason(sentence, known, also, titles, SENTENCE_LIMIT)
        if checked in ("link", "personal", "unknown_name"):
            flaws.append(checked)
        elif checked != "empty":
            good.append(checked)
    return Checked(" ".join(good), tuple(flaws))


def left_out(n_items: int, n_sentences: int) -> str:
    """What was left out, in a sentence; empty where nothing was."""
    parts = []
    if n_items:
        parts.append(f"{n_items} item{'s' if n_items > 1 else ''} that the catalogue did not give")
    if n_sentences:
        parts.append("a sentence" if n_sentences == 1 else f"{n_sentences} sentences")
        parts[-1] += " with names that it did not give"
    return f"(Left out: {' and '.join(parts)}.)" if parts else ""
