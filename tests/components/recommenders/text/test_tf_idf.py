"""Rare words weigh more, unknown ones nothing, and length does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from components.recommenders.text.encoder import cosines
from components.recommenders.text.saved import load_encoder, read_vectors, save_vectors
from components.recommenders.text.tf_idf import TfIdf, words_of

TEXTS = ("Heat (1995) Crime", "Amélie (2001) Comedy", "Alien (1979) Sci-Fi Horror", "Aliens (1986) Sci-Fi", "")
ENCODER = TfIdf.fit(TEXTS)


def nearest(text: str) -> list[int]:
    scores = cosines(ENCODER.encode(TEXTS), ENCODER.encode([text]))
    return [row for row in np.argsort(-scores, kind="stable").tolist() if scores[row] > 0]


def test_words_are_folded_and_lose_accents_and_plurals() -> None:
    assert words_of("Amélie (2001), STRASSE straße") == ["amelie", "2001", "strasse", "strasse"]
    assert words_of("Westerns, glass, gas") == ["western", "glass", "gas"]


def test_texts_that_share_words_are_found_the_rarer_word_first() -> None:
    assert nearest("amelie") == [1]
    assert nearest("sci fi horror") == [2, 3]


def test_an_unknown_word_changes_nothing_and_alone_finds_nothing() -> None:
    np.testing.assert_array_equal(ENCODER.encode(["heat"]).toarray(), ENCODER.encode(["heat xylophone"]).toarray())
    assert nearest("xylophone") == nearest("") == []


def test_every_text_has_length_one_or_none() -> None:
    lengths = np.linalg.norm(ENCODER.encode(TEXTS).toarray(), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 1, 0], rtol=1e-6)


def test_a_text_has_the_same_vector_whatever_stands_beside_it() -> None:
    np.testing.assert_array_equal(ENCODER.encode(TEXTS).toarray()[2], ENCODER.encode([TEXTS[2]]).toarray()[0])


def test_the_order_of_the_texts_does_not_change_what_is_learnt() -> None:
    again = TfIdf.fit(TEXTS[::-1])
    assert again.words == ENCODER.words
    np.testing.assert_array_equal(again.weights, ENCODER.weights)


def test_catalogues_without_any_word_are_encoded() -> None:
    empty = TfIdf.fit(["", " "])
    assert empty.encode(["", "word"]).toarray().shape == (2, 0)


def test_the_saved_form_encodes_the_same(tmp_path: Path) -> None:
    ENCODER.save(tmp_path / "encoder")
    vectors = ENCODER.encode(TEXTS)
    save_vectors(tmp_path / "vectors", vectors)
    np.testing.assert_array_equal(load_encoder(tmp_path / "encoder").encode(TEXTS).toarray(), vectors.toarray())
    np.testing.assert_array_equal(read_vectors(tmp_path / "vectors").toarray(), vectors.toarray())
