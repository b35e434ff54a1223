"""What operators did to items, beside the data versions."""

from __future__ import annotations

from sqlalchemy import Column, Double, String, Table

from components.adapters.store.tables.metadata import metadata

# Items that nobody is shown, of any release, from now on until `until`, or for ever.
items_off = Table(
    "items_off",
    metadata,
    Column("item_id", String(256), primary_key=True),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Column("reason", String(256), nullable=False),
    Column("by", String(128), nullable=False),
)
