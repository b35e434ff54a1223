"""What turns texts into vectors, whatever the technique, and the similarity that they all share: the cosine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Vectors = csr_array | NDArray[np.float32]
"""One row per text, float32, of length 1; of length 0 for a text in which the encoder knows nothing."""


class TextEncoderError(Exception):
    """An encoder cannot be fitted, loaded or run; the message says what to do."""


class TextEncoder(Protocol):
    """Encodes texts; the same text always gets the same vector, whatever stands beside it."""

    form: ClassVar[str]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), width) vectors.

        Raises:
            TextEncoderError: a library or a model that the encoder needs is not installed.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write into `folder`, made when missing; the same encoder always writes the same bytes."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        ...


def cosines(texts: Vectors, text: Vectors) -> NDArray[np.float32]:
    """The cosine of every row of `texts` with the only row of `text`, (n_texts,); 0 where either has length 0."""
    row = text.toarray().ravel() if isinstance(text, csr_array) else text.ravel()
    return np.asarray(texts @ row, np.float32).ravel()
