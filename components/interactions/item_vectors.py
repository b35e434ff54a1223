"""Checks the embeddings of items that a source brings, and puts them in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.interactions.columns import ITEM, VECTOR
from components.interactions.source import SourceError


def check_item_vectors(raw: pd.DataFrame, origin: str) -> pd.DataFrame:
    """item_id as text and vector as float32 lists of one length, sorted by item_id.

    Raises:
        SourceError: a column is missing, an item comes twice, or a vector is empty, of another length, or not finite.
    """
    for name in (ITEM, VECTOR):
        if name not in raw:
            raise SourceError(
                f"{origin}: no column {name}; its columns are {', '.join(map(str, raw.columns))}. An item vectors file "
                f"has {ITEM} and {VECTOR}, a list of numbers"
            )
    ids = raw[ITEM].astype(str)
    if repeated := ids[ids.duplicated()].tolist():
        raise SourceError(f"{origin}: item {repeated[0]} has two vectors; keep one")
    vectors: list[NDArray[np.float32]] = []
    for item, value in zip(ids, raw[VECTOR], strict=True):
        try:
            vector = np.asarray(value, np.float32)
        except (TypeError, ValueError) as error:
            raise SourceError(f"{origin}: the vector of item {item} is no list of numbers; correct it") from error
        if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
            raise SourceError(f"{origin}: the vector of item {item} is empty or not finite; correct it")
        if vectors and len(vector) != len(vectors[0]):
            raise SourceError(
                f"{origin}: the vector of item {item} has {len(vector)} numbers and the first {len(vectors[0])}; "
                "all must come from one encoder"
            )
        vectors.append(vector)
    return pd.DataFrame({ITEM: ids.astype(object), VECTOR: vectors}).sort_values(ITEM, ignore_index=True)


def vector_matrix(checked: pd.DataFrame, item_ids: Sequence[str]) -> NDArray[np.float32]:
    """A row for each of `item_ids`, zeros where there is no vector, (n_items, width); vectors of others have no row."""
    row_of = {item: row for row, item in enumerate(item_ids)}
    width = len(checked[VECTOR].iloc[0]) if len(checked) else 1
    matrix = np.zeros((len(item_ids), width), np.float32)
    for item, vector in zip(checked[ITEM], checked[VECTOR], strict=True):
        if item in row_of:
            matrix[row_of[item]] = vector
    return matrix
