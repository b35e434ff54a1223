"""Conversations with the catalogue."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Double, Integer, String, Table

from components.adapters.store.tables.metadata import metadata

# One row a conversation; `turn` counts its messages, so that of two that come at once one is refused.
conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("key_id", String(32)),
    Column("user_id", String(256), index=True),
    Column("turn", Integer, nullable=False),
    Column("state", JSON, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)
