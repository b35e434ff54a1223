"""What lists showed: a view of one row per item over the rows of requests, and the table of releases before it.

A request's row holds its items with their sources, scores and propensities; as rows of their own they took three times
as much as the request. A slot that runs a release from before 0011 still writes rows of `impressions`.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, MetaData, String, Table

from components.adapters.store.tables.traffic import impressions

_views = MetaData()

shown_items = Table(
    "shown_items",
    _views,
    Column("request_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("item_id", String(256)),
    Column("user_id", String(256)),
    Column("shown_at", Double),
    Column("source", String(64)),
    Column("score", Double),
    Column("propensity", Double),
    Column("release_id", String(64)),
    Column("variant", String(64)),
)

SHOWN = (shown_items, impressions)
"""An impression is in one of the two. Readers ask each and join the answers: SQLite would write out a view of both
before it joined anything to it."""
