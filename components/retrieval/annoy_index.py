"""Builds and asks an Annoy index of item factors for the largest inner products."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

METRIC: Final = "dot"


def build_index(path: Path, item_factors: NDArray[np.float32], trees: int, seed: int) -> None:
    """Build an index of `item_factors`, (n_items, width), and write it to `path`.

    One thread and `seed` make the trees the same every time; building straight into the file makes the bytes the same
    too, as memory that Annoy never writes is zero there.
    """
    from annoy import AnnoyIndex as Index

    path.unlink(missing_ok=True)
    index = Index(item_factors.shape[1], METRIC)
    index.set_seed(seed)
    index.on_disk_build(str(path))
    for row, vector in enumerate(item_factors):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)
    index.unload()


class AnnoyIndex:
    """An index read from the file that `build_index` wrote, mapped into memory."""

    def __init__(self, path: Path, width: int) -> None:
        """`width` is the number of columns of the item factors.

        Raises:
            OSError: the file is missing or does not fit `width`.
        """
        from annoy import AnnoyIndex as Index

        self._index: Any = Index(width, METRIC)
        try:
            self._index.load(str(path))
        except OSError as error:
            raise OSError(f"{path} is no index of width {width}: {error}") from error

    def nearest(self, vector: NDArray[np.float32], n: int, effort: int) -> NDArray[np.int32]:
        """About the `n` item rows with the largest inner product with `vector`; fewer when the catalogue ends.

        `effort` is the number of nodes looked at (Annoy's search_k): more is slower and recalls more.
        """
        return np.array(self._index.get_nns_by_vector(vector, n, search_k=effort), np.int32)
