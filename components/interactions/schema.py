"""States with pandera what the three tables of a data version promise to everything downstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandera.pandas as pa

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.time_numbers import LATEST
from components.interactions.timestamps import EARLIEST

if TYPE_CHECKING:
    import pandas as pd

_KEY = [columns.USER, columns.ITEM, columns.TYPE, columns.TIMESTAMP]


class BrokenPromise(AssertionError):
    """A table is not what it promises: a fault of ours, not of the source."""


def check_promises(interactions: pd.DataFrame, config: IngestConfig) -> pd.DataFrame:
    """`interactions` itself, once it is seen to be what `interactions_schema` states; that takes a minute for a million
    rows, which this takes a second for.

    Raises:
        BrokenPromise: a column is missing, of another type, has gaps, or a key stands twice.
    """
    low, high = value_bounds(config)
    values, times = interactions[columns.VALUE], interactions[columns.TIMESTAMP]
    promises = {
        "columns": list(interactions.columns)[:5] == list(columns.INTERACTION_COLUMNS),
        "types": str(values.dtype) == "float64" and str(times.dtype) == "datetime64[ns, UTC]",
        "gaps": not any(interactions[name].isna().any() for name in columns.INTERACTION_COLUMNS),
        "values": bool(values.between(low, high).all()),
        "times": bool(((times >= EARLIEST) & (times < LATEST)).all()),
        "keys": not _has_twins(interactions),
    }
    broken = [name for name, kept in promises.items() if not kept]
    if broken:
        raise BrokenPromise(f"the interactions break the promise of {', '.join(broken)}")
    return interactions


def value_bounds(config: IngestConfig) -> tuple[float, float]:
    """Between which values interactions lie: the range of the parameters, with the weights of types."""
    weights = [*(config.weights or {}).values(), config.implicit_value]
    low = -np.inf if config.min_value is None else min(config.min_value, *weights)
    high = np.inf if config.max_value is None else max(config.max_value, *weights)
    return float(low), float(high)


def _has_twins(interactions: pd.DataFrame) -> bool:
    """Whether two rows share a key; the rows of a version are in its order, so twins stand side by side."""
    same = np.ones(max(len(interactions) - 1, 0), dtype=bool)
    for name in reversed(_KEY):
        if not same.any():
            return False
        cells = interactions[name].to_numpy("datetime64[ns]" if name == columns.TIMESTAMP else None)
        same &= cells[1:] == cells[:-1]
    return bool(same.any())


def interactions_schema(config: IngestConfig) -> pa.DataFrameSchema:
    """One row per user, item, type and moment; values within the configured range; nothing missing."""
    low, high = value_bounds(config)
    return pa.DataFrameSchema(
        {
            columns.USER: _id(),
            columns.ITEM: _id(),
            columns.VALUE: pa.Column("float64", pa.Check.in_range(low, high)),
            columns.TYPE: _id(),
            columns.TIMESTAMP: pa.Column("datetime64[ns, UTC]", pa.Check.in_range(EARLIEST, LATEST, include_max=False)),
        },
        unique=_KEY,
        strict=True,
        ordered=True,
    )


def version_schema(config: IngestConfig) -> pa.DataFrameSchema:
    """`interactions_schema`, with where each row came from; see components.interactions.columns."""
    return interactions_schema(config).add_columns(
        {
            columns.ORIGIN: _id(),
            columns.EVENT: pa.Column(str),
            columns.PROPENSITY: pa.Column("float64", pa.Check.in_range(0, 1), nullable=True),
        }
    )


def items_schema() -> pa.DataFrameSchema:
    """One row per item, with a title; an absent description, category or tags is "", an absent price NaN.

    `attributes` is what `components.interactions.attributes` packs.
    """
    return pa.DataFrameSchema(
        {
            columns.ITEM: _id(unique=True),
            columns.TITLE: _id(),
            columns.DESCRIPTION: pa.Column(str),
            columns.CATEGORY: pa.Column(str),
            columns.TAGS: pa.Column(str),
            columns.PRICE: pa.Column("float64", pa.Check.ge(0), nullable=True),
            columns.ATTRIBUTES: pa.Column(str),
        },
        strict=True,
        ordered=True,
    )


def users_schema() -> pa.DataFrameSchema:
    """One row per user; any further column is an attribute in text, "" where it is absent."""
    attribute = pa.Column(str, regex=True, required=False)
    return pa.DataFrameSchema({columns.USER: _id(unique=True), rf"^(?!{columns.USER}$).+": attribute})


def _id(unique: bool = False) -> pa.Column:
    return pa.Column(str, pa.Check.str_length(min_value=1), unique=unique)
