"""States with pandera what the three tables of a data version promise to everything downstream."""

from __future__ import annotations

import pandera.pandas as pa

from components.config.ingest import IngestConfig
from components.interactions import columns
from components.interactions.timestamps import EARLIEST, LATEST


def interactions_schema(config: IngestConfig) -> pa.DataFrameSchema:
    """One row per user, item, type and moment; values within the configured range; nothing missing."""
    return pa.DataFrameSchema(
        {
            columns.USER: _id(),
            columns.ITEM: _id(),
            columns.VALUE: pa.Column("float64", pa.Check.in_range(config.min_value, config.max_value)),
            columns.TYPE: _id(),
            columns.TIMESTAMP: pa.Column("datetime64[ns, UTC]", pa.Check.in_range(EARLIEST, LATEST, include_max=False)),
        },
        unique=[columns.USER, columns.ITEM, columns.TYPE, columns.TIMESTAMP],
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
