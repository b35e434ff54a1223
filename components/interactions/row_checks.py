"""Decides for each row of a raw table whether it is good, and if not, why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.attribute_columns import pack_attributes
from components.interactions.cells import find_repeats, read_ids, read_numbers, read_texts
from components.interactions.timestamps import read_times

GOOD = ""
NULL_USER = "null user_id"
NULL_ITEM = "null item_id"
NULL_TYPE = "null type"
NULL_TITLE = "null title"
NOT_A_NUMBER = "value is not a number"
OUT_OF_RANGE = "value out of range"
BAD_TIME = "unparsable timestamp"
BAD_PRICE = "price is not a number from 0 up"
UNKNOWN_ITEM = "unknown item"
DUPLICATE = "duplicate key"

DEFAULT_TYPE = "rating"
IMPLICIT_TYPE = "view"
_INTERACTION_KEY = [columns.USER, columns.ITEM, columns.TYPE, columns.TIMESTAMP]


@dataclass(frozen=True)
class CheckedTable:
    """`rows` are the good rows, typed; `reasons` says for every row of the source why it is bad, GOOD if it is not."""

    rows: pd.DataFrame
    reasons: pd.Series[str]


def check_interactions(raw: pd.DataFrame, known_items: Iterable[str] | None, config: IngestConfig) -> CheckedTable:
    """The good interactions. An item outside `known_items` makes a row bad; with None every item is known.

    In a source without the column `value` every interaction counts as `config.implicit_value`. A source without the
    column `type` has interactions of type "rating", or "view" when it has no values either. A bad row never makes
    another one a duplicate.
    """
    has_values = columns.VALUE in raw
    values = read_numbers(raw[columns.VALUE]) if has_values else pd.Series(config.implicit_value, index=raw.index)
    default_type = DEFAULT_TYPE if has_values else IMPLICIT_TYPE
    types = read_ids(raw[columns.TYPE]) if columns.TYPE in raw else pd.Series(default_type, index=raw.index)
    rows = pd.DataFrame(
        {
            columns.USER: read_ids(raw[columns.USER]),
            columns.ITEM: read_ids(raw[columns.ITEM]),
            columns.VALUE: values,
            columns.TYPE: types,
            columns.TIMESTAMP: read_times(raw[columns.TIMESTAMP]),
        },
        index=raw.index,
    )
    value = rows[columns.VALUE]
    problems = {
        NULL_USER: rows[columns.USER].isna(),
        NULL_ITEM: rows[columns.ITEM].isna(),
        NULL_TYPE: rows[columns.TYPE].isna(),
        NOT_A_NUMBER: value.isna(),
        OUT_OF_RANGE: ~value.between(config.min_value, config.max_value),
        BAD_TIME: rows[columns.TIMESTAMP].isna(),
    }
    if known_items is not None:
        problems[UNKNOWN_ITEM] = ~rows[columns.ITEM].isin(list(known_items))
    return _separate(rows, problems, _INTERACTION_KEY)


def check_items(raw: pd.DataFrame) -> CheckedTable:
    """The good items. A table without the column `title` calls each item by its id; with it, every item needs one.

    Columns that we have no name for are attributes; see components/interactions/attributes.py.
    """
    ids = read_ids(raw[columns.ITEM])
    titles = read_texts(raw[columns.TITLE]) if columns.TITLE in raw else ids
    rows = pd.DataFrame({columns.ITEM: ids, columns.TITLE: titles}, index=raw.index)
    for name in (columns.DESCRIPTION, columns.CATEGORY, columns.TAGS):
        rows[name] = read_texts(raw[name]) if name in raw else ""
    prices = read_texts(raw[columns.PRICE]) if columns.PRICE in raw else pd.Series("", index=raw.index)
    rows[columns.PRICE] = read_numbers(prices)
    rows[columns.ATTRIBUTES] = pack_attributes(raw)
    has_price = prices.str.strip() != ""
    problems = {
        NULL_ITEM: ids.isna(),
        NULL_TITLE: ids.notna() & (titles.str.strip() == ""),
        BAD_PRICE: has_price & ~rows[columns.PRICE].between(0, np.inf, inclusive="left"),
    }
    return _separate(rows, problems, [columns.ITEM])


def check_users(raw: pd.DataFrame) -> CheckedTable:
    """The good users; every other column is an attribute, kept as text under its name, in the order of the names."""
    attributes = sorted(str(name) for name in raw.columns if name != columns.USER)
    rows = pd.DataFrame({columns.USER: read_ids(raw[columns.USER])}, index=raw.index)
    for name in attributes:
        rows[name] = read_texts(raw[name])
    return _separate(rows, {NULL_USER: rows[columns.USER].isna()}, [columns.USER])


def _separate(rows: pd.DataFrame, problems: dict[str, pd.Series[bool]], key: list[str]) -> CheckedTable:
    """Each bad row gets the first of its problems; what is then left is searched for rows that share a key."""
    reasons = pd.Series(
        np.select([mask.to_numpy(dtype=bool) for mask in problems.values()], list(problems), default=GOOD),
        index=rows.index,
        dtype=object,
    )
    repeats = find_repeats(rows[reasons == GOOD], key)
    reasons[repeats.index[repeats]] = DUPLICATE
    return CheckedTable(rows=rows[reasons == GOOD], reasons=reasons)
