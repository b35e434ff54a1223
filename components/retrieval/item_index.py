"""What every index of item factors promises, and the ones that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import AnnoyIndex
from components.retrieval.by_length import ByLength

IndexKind = Literal["annoy", "length"]
INDEX_KINDS: tuple[IndexKind, ...] = get_args(IndexKind)


class ItemIndex(Protocol):
    """Finds items by their factors, without looking at all of them; rows are those of the factors."""

    def nearest(self, vector: NDArray[np.float32], n: int, effort: int) -> NDArray[np.int32]:
        """About the `n` item rows with the largest inner product with `vector`, each once; fewer where there are fewer.

        More `effort` is slower and recalls more.
        """
        ...


def open_item_index(kind: str, path: Path, factors: FittedFactors) -> ItemIndex:
    """An index of this kind over `factors`; Annoy reads the file `path`.

    Raises:
        OSError: the file is missing, or is no such index.
        ValueError: there is no such kind.
    """
    if kind == "annoy":
        return AnnoyIndex(path, factors.n_columns)
    if kind == "length":
        return ByLength(factors)
    raise ValueError(f"no index is of kind {kind!r}; there is {', '.join(INDEX_KINDS)}")
