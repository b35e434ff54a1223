"""Lets of a model's words and list through only what the tools returned, and says what was left out.

A sentence that names items is held against the fields of those alone, as are the ones behind it that name none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.reranking.reasons import FLAWS, TitleIndex, plain_reason, words_of_title
from components.reranking.task import ItemText

_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
MAX_SENTENCES = 4
SENTENCE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be said, and per sentence that may not its flaw; see `components.reranking.reasons`."""

    text: str
    flaws: tuple[str, ...]


def checked_words(
    text: str, known: Sequence[ItemText], also: Sequence[str], titles: TitleIndex, kinds: Sequence[str] = ()
) -> Checked:
    """The first sentences of `text` that lead nowhere and name nothing but `known` items and words of `also`.

    `kinds`, such as all labels of a catalogue, may be spoken of as long as no item has been named.
    """
    good: list[str] = []
    flaws: list[str] = []
    labels = {label for item in known for label in item.labels}
    about: Sequence[ItemText] = known
    for sentence in _SENTENCES.split(text.strip()):
        if len(good) == MAX_SENTENCES:
            break
        named = titles.named_in(sentence)
        about = [item for item in known if words_of_title(item.title) in named] or about
        general = kinds if about is known else ()
        checked = plain_reason(sentence, about, (*also, *general), titles, SENTENCE_LIMIT, labels)
        if checked in FLAWS and checked != "empty":
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
