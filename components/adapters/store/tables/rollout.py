"""What is released, what is live, and who may change it."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Integer, String, Table, Text

from components.adapters.store.tables.metadata import metadata

# Immutable but for `state`, whose history is in release_states.
releases = Table(
    "releases",
    metadata,
    Column("release_id", String(64), primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("parent_id", String(64)),
    Column("bento_tag", String(128), nullable=False),
    Column("variants", JSON, nullable=False),
    Column("git_commit", String(64), nullable=False),
    Column("git_dirty", Boolean, nullable=False),
    Column("lock_hash", String(64), nullable=False),
    Column("params_digest", String(64), nullable=False),
    Column("summary", JSON, nullable=False),
    Column("state", String(32), nullable=False),
)

release_states = Table(
    "release_states",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("release_id", String(64), ForeignKey("releases.release_id"), nullable=False, index=True),
    Column("state", String(32), nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String(128), nullable=False),
    Column("reason", Text),
    Column("epoch", Integer, nullable=False),
)

# One row per promotion or rollback that was started.
rollouts = Table(
    "rollouts",
    metadata,
    Column("rollout_id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("release_id", String(64)),
    Column("from_release_id", String(64)),  # what was live when it began
    Column("slot", String(16)),  # the slot it took
    Column("displaced_release_id", String(64)),  # what stood in that slot before, put back on failure
    Column("started_by", String(128), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("step", String(64), nullable=False),
    Column("finished_at", Double),
    Column("outcome", String(32)),
    Column("reason", Text),
    Column("checks", JSON, nullable=False),
)

# The single row that says what is live, and who may change it.
routing = Table(
    "routing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),  # the fencing token: grows with each lease and each rollback
    Column("version", Integer, nullable=False),  # grows with each change of what Envoy should do
    Column("lease_rollout_id", Integer),
    Column("lease_expires_at", Double),
    Column("live_slot", String(16)),
    Column("live_weight", Integer, nullable=False),  # per cent of requests for the live slot
    Column("standby_ready", Boolean, nullable=False),  # the other slot may answer when the live one fails
    # Since 0004: per cent of the users who are answered by the release on trial in the idle slot
    Column("canary_weight", Integer, nullable=False, server_default="0"),
)

# What each slot should run.
slots = Table(
    "slots",
    metadata,
    Column("slot", String(16), primary_key=True),
    Column("release_id", String(64), ForeignKey("releases.release_id")),
    Column("should_run", Boolean, nullable=False),
)
