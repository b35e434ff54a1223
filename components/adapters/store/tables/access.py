"""Keys, seals of bundles, and what operators did."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Double, Integer, String, Table

from components.adapters.store.tables.metadata import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
    Column("tenant", String(32), nullable=False, server_default="default"),  # since 0012
)

# What a bundle held when our pipeline made it, signed with the stack's secret, which lies outside of the store.
bundle_seals = Table(
    "bundle_seals",
    metadata,
    Column("bundle_md5", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("sealed_at", Double, nullable=False),
)

# What was done, when, and by which user of the machine; nothing deletes from it.
audit_log = Table(
    "audit_log",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False, index=True),
    Column("by", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("details", JSON, nullable=False),
)
