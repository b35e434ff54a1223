"""Packs the further columns of an items table as attributes, one JSON object per item, and reads them off again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from components.interactions.attributes import NOTHING, Attribute, Attributes, typed_attribute, unpack_attributes
from components.interactions.cells import read_numbers, read_texts
from components.interactions.columns import ATTRIBUTES, ITEM_COLUMNS, TAG_SEPARATOR


def pack_attributes(raw: pd.DataFrame) -> pd.Series[str]:
    """Per row of a raw table of items its attributes as a JSON object with sorted keys.

    A column is of numbers where every filled cell is a finite number, of lists where a cell is a list or holds
    `TAG_SEPARATOR`, else of texts. A column `attributes` of such JSON objects is taken over and gives way to columns of
    the same name; a cell of it that is no object counts as empty.
    """
    names = sorted(str(name) for name in raw.columns if name not in (*ITEM_COLUMNS, ATTRIBUTES))
    given = read_texts(raw[ATTRIBUTES]) if ATTRIBUTES in raw else pd.Series(NOTHING, index=raw.index)
    packed: list[dict[str, Attribute]] = [dict(unpack_attributes(text)) for text in given]
    for name in names:
        for row, value in zip(packed, _column(raw[name]), strict=True):
            if value is not None:
                row[name] = value
    texts = [json.dumps(row, ensure_ascii=False, sort_keys=True, allow_nan=False) for row in packed]
    return pd.Series(texts, index=raw.index, dtype=object)


def attributes_of(items: pd.DataFrame) -> list[Attributes]:
    """The attributes of each row of an items table; nothing where the version was made before there were any."""
    if ATTRIBUTES not in items:
        return [{} for _ in range(len(items))]
    return [unpack_attributes(text) for text in items[ATTRIBUTES]]


def _column(raw: pd.Series[Any]) -> Iterable[Attribute | None]:
    if raw.map(lambda cell: isinstance(cell, list | tuple | np.ndarray)).any():
        return [typed_attribute(list(cell)) if isinstance(cell, list | tuple | np.ndarray) else None for cell in raw]
    texts = read_texts(raw).str.strip()
    filled = texts != ""
    numbers = read_numbers(texts)
    if filled.any() and np.isfinite(numbers[filled]).all():
        return [float(number) if known else None for number, known in zip(numbers, filled, strict=True)]
    if texts.str.contains(TAG_SEPARATOR, regex=False).any():
        return [typed_attribute(text.split(TAG_SEPARATOR)) for text in texts]
    return [text or None for text in texts]
