"""Reads the item vectors that a user brings: an .npz file with `item_ids`, (n,) text, and `vectors`, (n, width)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import RecommenderError


def read_item_vectors(path: Path, item_ids: Sequence[str]) -> NDArray[np.float32]:
    """One row per item of `item_ids`, zeros where the file has none, (n_items, width).

    Raises:
        RecommenderError: the file is missing or of another form, or knows none of the items.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            ids, vectors = file["item_ids"].astype(str), np.asarray(file["vectors"], np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise RecommenderError(
            f"train.item_vectors_file: {path} is no .npz with item_ids and vectors: {error}"
        ) from error
    if vectors.ndim != 2 or ids.shape != (len(vectors),):
        raise RecommenderError(
            f"train.item_vectors_file: {path} has {ids.shape} ids for vectors of shape {vectors.shape}"
        )
    row_of = {item_id: row for row, item_id in enumerate(item_ids)}
    rows = np.zeros((len(item_ids), vectors.shape[1]), np.float32)
    known = [(row_of[item_id], place) for place, item_id in enumerate(ids.tolist()) if item_id in row_of]
    if not known:
        raise RecommenderError(f"train.item_vectors_file: {path} knows none of the {len(item_ids)} items")
    to, at = zip(*known, strict=True)
    rows[list(to)] = vectors[list(at)]
    return rows
