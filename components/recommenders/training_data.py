"""Turns prepared tables into what recommenders learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.interactions.columns import (
    CATEGORY,
    DESCRIPTION,
    ITEM,
    PRICE,
    TAG_SEPARATOR,
    TAGS,
    TIMESTAMP,
    TITLE,
    TYPE,
    USER,
    VALUE,
)
from components.interactions.item_vectors import vector_matrix
from components.interactions.prepared import RELEVANT
from components.recommenders.protocol import MOST_KINDS, Events, TrainingData, item_labels
from components.recommenders.traits import traits_of


def training_data(
    interactions: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame,
    vectors: pd.DataFrame | None = None,
    repeats: bool = False,
) -> TrainingData:
    """Matrices of `interactions` over the rows of `users` and `items`.

    Several interactions of a user with an item count once; those of one moment keep their order among the events.
    Every user and item of `interactions` must have a row; users and items without interactions are allowed. `vectors`
    are embeddings as `check_item_vectors` gives them.

    Raises:
        KeyError: an interaction has a user or an item that has no row.
    """
    user_ids, item_ids = tuple(users[USER]), tuple(items[ITEM])
    relevant = interactions[interactions[RELEVANT].to_numpy()]
    return TrainingData(
        user_ids=user_ids,
        item_ids=item_ids,
        positives=incidence(relevant, user_ids, item_ids),
        seen=incidence(interactions, user_ids, item_ids),
        item_labels=tuple(
            item_labels(category, tags.split(TAG_SEPARATOR))
            for category, tags in zip(items[CATEGORY], items[TAGS], strict=True)
        ),
        item_texts=tuple(
            item_text(*parts)
            for parts in zip(items[TITLE], items[CATEGORY], items[TAGS], items[DESCRIPTION], strict=True)
        ),
        events=_events(interactions, user_ids, item_ids),
        item_numbers=item_numbers(items),
        item_vectors=None if vectors is None else vector_matrix(vectors, item_ids),
        repeats=repeats,
        kinds=kinds_of(interactions),
        traits=traits_of(users),
    )


def item_numbers(items: pd.DataFrame) -> NDArray[np.float32]:
    """Year, read off a title that ends with one as in Heat (1995), and price, (n_items, 2), NaN where unknown."""
    years = items[TITLE].str.extract(r"\((\d{4})\)\s*$", expand=False)
    return np.column_stack([years.astype(float), items[PRICE].astype(float)]).astype(np.float32)


def _events(interactions: pd.DataFrame, user_ids: Sequence[str], item_ids: Sequence[str]) -> Events:
    users = _rows_of(interactions[USER], user_ids)
    items = _rows_of(interactions[ITEM], item_ids)
    seconds = interactions[TIMESTAMP].to_numpy("datetime64[s]").astype(np.int64)
    order = np.lexsort((seconds, users))
    kinds = kinds_of(interactions)
    codes = np.searchsorted(np.array(kinds, object), interactions[TYPE].to_numpy(object)) if kinds else None
    return Events(
        users=users[order].astype(np.int32),
        items=items[order].astype(np.int32),
        values=interactions[VALUE].to_numpy(np.float32)[order],
        liked=interactions[RELEVANT].to_numpy(bool)[order],
        seconds=seconds[order],
        kinds=None if codes is None else codes[order].astype(np.int8),
    )


def kinds_of(interactions: pd.DataFrame) -> tuple[str, ...]:
    """The types of `interactions`, sorted; none where there is but one, or too many to tell apart."""
    kinds = sorted(interactions[TYPE].unique()) if TYPE in interactions else []
    return tuple(kinds) if 1 < len(kinds) <= MOST_KINDS else ()


def item_text(title: str, category: str, tags: str, description: str) -> str:
    """All that an item says about itself; a category that stands among the tags is not said twice."""
    names = list(dict.fromkeys([category, *tags.split(TAG_SEPARATOR)]))
    return " ".join(filter(None, [title, *names, description]))


def incidence(interactions: pd.DataFrame, user_ids: Sequence[str], item_ids: Sequence[str]) -> csr_array:
    """Ones where a user has an interaction with an item, float32, (n_users, n_items), columns ascending.

    Raises:
        KeyError: a user or an item is not among the ids.
    """
    users = _rows_of(interactions[USER], user_ids)
    items = _rows_of(interactions[ITEM], item_ids)
    matrix = csr_array((np.ones(len(users), np.float32), (users, items)), shape=(len(user_ids), len(item_ids)))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _rows_of(ids: pd.Series, known: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    rows = pd.Index(np.array(known, object)).get_indexer(pd.Index(ids.to_numpy(object)))
    if (rows < 0).any():
        raise KeyError(f"unknown {ids.name}: {ids[rows < 0].iloc[0]!r}")
    return rows
