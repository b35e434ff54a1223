"""Which experiments there are, and who was first shown which variant, when."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Double, Index, Integer, String, Table

from components.adapters.store.tables.metadata import metadata

# `spec` is the declaration as it was started: variants, split, metric, test, effect, power.
experiments = Table(
    "experiments",
    metadata,
    Column("experiment_id", String(64), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", String(32), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("by", String(128), nullable=False),
)

# The first exposure of each user. The key makes a second one, from whatever process, a repeat that is ignored. There
# is no reference to `experiments`, so that a service may log what the store does not know of yet.
exposures = Table(
    "exposures",
    metadata,
    Column("experiment_id", String(64), primary_key=True),
    Column("user_id", String(256), primary_key=True),
    Column("variant", String(64), nullable=False),
    Column("first_at", Double, nullable=False),
    Column("release_id", String(64), nullable=False),
    Column("request_id", String(64)),
    Column("n_known", Integer),  # interactions known of the user then: the segment, warm or cold
    Index("ix_exposures_user_id", "user_id"),
    sqlite_with_rowid=False,
)
