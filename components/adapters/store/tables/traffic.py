"""What was asked, what was shown, what people did, and what the language model was paid for."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, String, Table, Text, false

from components.adapters.store.tables.metadata import metadata

# One row per answered recommendation, with what is needed to replay it.
requests = Table(
    "requests",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("received_at", Double, nullable=False, index=True),
    Column("user_id", String(256), nullable=False),
    Column("k", Integer, nullable=False),
    Column("context", JSON, nullable=False),
    Column("route", String(16), nullable=False),
    Column("fallback_reason", Text),
    Column("release_id", String(64), nullable=False),
    Column("slot", String(16), nullable=False),
    Column("variant", String(64), nullable=False),
    Column("degraded", Boolean, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("candidates", JSON, nullable=False),  # item ids in the order of the candidate generator
    Column("scores", JSON, nullable=False),  # one score per candidate
    Column("items", JSON, nullable=False),  # item ids shown, best first
    Column("timings_ms", JSON, nullable=False),
    Column("cost_usd", Double, nullable=False),
    # Since 0002; empty in rows that an older release wrote.
    Column("model_version", Integer),
    Column("prompt_version", String(64)),
    # Experiment id to variant, of each experiment that the user takes part in; to the placement of a drafted list.
    Column("experiments", JSON),
    Column("n_known", Integer),  # interactions known of the user: tells warm from cold
    Column("explored_position", Integer),  # the position, from 1, that was filled at random
    Column("canary", Boolean, nullable=False, server_default=false()),  # answered by a release on trial
    Column("llm", JSON),  # tier, outcome, tokens
    # Since 0011, of the items in their order: each one's source (one where all have the same), score and propensity
    # (empty where all are 1); empty where impressions are not logged. `shown_items` shows them one a row.
    Column("item_sources", JSON),
    Column("item_scores", JSON),
    Column("item_propensities", JSON),
    Column(
        "tenant", String(32), nullable=False, server_default="default"
    ),  # since 0012: whose user it is, as the id says
    Index("ix_requests_user_id_received_at", "user_id", "received_at"),
)

# One row per item shown by a release from before 0011, by request and position (from 1). WITHOUT ROWID: the rows lie in
# the order of their key, so that a request's ten rows share a page and no second tree is written.
impressions = Table(
    "impressions",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("item_id", String(256), nullable=False),
    Column("user_id", String(256), nullable=False),
    Column("shown_at", Double, nullable=False),
    Column("source", String(64), nullable=False),
    Column("score", Double),
    Column("propensity", Double),  # probability that the policy shows this item here; 1 unless it was drawn
    Column("release_id", String(64), nullable=False),
    Column("variant", String(64), nullable=False),
    Index("ix_impressions_user_id_shown_at", "user_id", "shown_at"),
    sqlite_with_rowid=False,
)

# What users did. `sequence` grows with each accepted event; `event_id` makes a repeated post count once: it holds what
# the client named and a digest of the key, the user and that name, so that nobody can take another's.
feedback = Table(
    "feedback",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(128), nullable=False, unique=True),
    Column("request_id", String(64), index=True),
    Column("user_id", String(256), nullable=False),
    Column("item_id", String(256), nullable=False),
    Column("type", String(16), nullable=False),
    Column("value", Double),
    Column("occurred_at", Double, nullable=False),
    Column("received_at", Double, nullable=False, index=True),
    # Since 0006.
    Column("unknown_item", Boolean, nullable=False, server_default=false()),  # to the release that took it
    Column("key_id", String(32)),  # the key of who sent it, where keys are on
    Column(
        "tenant", String(32), nullable=False, server_default="default"
    ),  # since 0012: whose user it is, as the id says
    Index("ix_feedback_user_id_unknown_item_sequence", "user_id", "unknown_item", "sequence"),
)

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("call_id", String(64), primary_key=True),
    Column("request_id", String(64), index=True),
    Column("called_at", Double, nullable=False, index=True),
    Column("release_id", String(64), nullable=False),
    Column("tier", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("prompt_version", String(64)),
    Column("outcome", String(32), nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("cost_usd", Double, nullable=False),
    Column("latency_ms", Double, nullable=False),
    # Since 0003.
    Column("cache_write_tokens", Integer, nullable=False, server_default="0"),
    Column("variant", String(64)),
    Column("tenant", String(32), nullable=False, server_default="default"),  # since 0012: who paid
)

# The day's money for language models, one row a UTC day and tenant: what is spent, and what calls under way may still
# cost. It is in billionths of a dollar, so that adding and taking away leaves no rounding behind.
llm_budget = Table(
    "llm_budget",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("tenant", String(32), primary_key=True, server_default="default"),  # since 0012
    Column("committed_nano_usd", BigInteger, nullable=False),
)

# Users that asked to be forgotten, as a digest of their id: what they did before that moment enters no data version.
forgotten_users = Table(
    "forgotten_users",
    metadata,
    Column("user_digest", String(64), primary_key=True),
    Column("forgotten_at", Double, nullable=False),
    Column("by", String(128), nullable=False),
)
