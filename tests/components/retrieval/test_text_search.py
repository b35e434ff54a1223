"""Words and meaning are joined by weights; of two that answer alike the better liked one comes first."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommenders.text.saved import fit_encoder
from components.retrieval.lexical import build_lexical_index
from components.retrieval.text_search import TextSearch

TEXTS = ("red fox", "red fox", "blue whale")


def search(meaning: float) -> TextSearch:
    encoder = fit_encoder("tf_idf", TEXTS)
    words = build_lexical_index({"title": TEXTS}, {"title": 1.0})
    return TextSearch(words, encoder, encoder.encode(TEXTS), np.array([0.1, 0.9, 0.5], np.float32), meaning)


@pytest.mark.parametrize("meaning", [0.0, 0.15, 1.0])
def test_the_best_answer_has_one_and_what_has_nothing_to_do_with_it_none(meaning: float) -> None:
    scores = search(meaning).scores("blue whale")
    assert scores is not None
    assert scores.tolist() == pytest.approx([0, 0, 1])


def test_liked_items_come_first_among_equals_and_never_without_an_answer() -> None:
    ranked = search(0.15).ranked("red fox")
    assert ranked is not None
    assert ranked[1] > ranked[0] > ranked[2] == 0


def test_nothing_is_found_by_what_nothing_has() -> None:
    assert search(0.15).scores("qqqqqq") is None
    assert search(0.15).ranked("qqqqqq") is None
