"""What monitoring and the evaluation of prompts find out: results, alerts with their outbox, and sums per hour."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from components.adapters.store.tables.metadata import metadata

evaluations = Table(
    "evaluations",
    metadata,
    Column("evaluation_id", String(64), primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("state", String(32), nullable=False),
    Column("decision", String(32)),
    Column("reasons", JSON),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
)

# One row per paid answer of a prompt to a logged request; the key lets a resumed evaluation never pay twice.
shadow_results = Table(
    "shadow_results",
    metadata,
    Column(
        "evaluation_id",
        String(64),
        ForeignKey("evaluations.evaluation_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("request_id", String(64), primary_key=True),
    Column("prompt_version", String(64), primary_key=True),
    Column("tier", String(64)),
    Column("outcome", String(32), nullable=False),
    Column("ranking", JSON),  # item ids, best first; empty when the call failed
    Column("faults", JSON),
    Column("explanations", JSON),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("cost_usd", Double, nullable=False),
    Column("latency_ms", Double, nullable=False),
    Column("created_at", Double, nullable=False),
)

# One row per incident; at most one of a key is open. `version` grows with each change that people are told of.
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Integer, primary_key=True, autoincrement=True),
    Column("incident_key", String(256), nullable=False),
    Column("rule", String(128), nullable=False, index=True),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("opened_at", Double, nullable=False, index=True),
    Column("updated_at", Double, nullable=False),
    Column("resolved_at", Double),
    Column("details", JSON, nullable=False),
    Index(
        "uq_alerts_open_incident_key",
        "incident_key",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
)

# The outbox: written with the change itself, and sent afterwards. One message per version of an alert and channel.
alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("delivery_id", Integer, primary_key=True, autoincrement=True),
    Column("alert_id", Integer, ForeignKey("alerts.alert_id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),  # opened, changed, resolved
    Column("channel", String(128), nullable=False),  # the key of a channel, never its address, which may be secret
    Column("message", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Double, index=True),
    Column("delivered_at", Double),
    Column("last_error", Text),
    UniqueConstraint("alert_id", "version", "channel"),
)

# While a rule is silenced its incidents are kept, and told to nobody until the silence is over.
alert_silences = Table(
    "alert_silences",
    metadata,
    Column("silence_id", Integer, primary_key=True, autoincrement=True),
    Column("rule", String(128), nullable=False, index=True),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", String(128), nullable=False),
)

# What monitoring keeps when the rows it was summed from are pruned. `segment` is warm, cold or unknown; `metrics` holds
# counts, sums and digests, so that hours of one horizon can be added up, as a hit is one within it. Where an
# older release did not say which, it is -1.
hourly_rollups = Table(
    "hourly_rollups",
    metadata,
    Column("hour", Double, primary_key=True, autoincrement=False),  # its first second
    Column("horizon_seconds", Double, primary_key=True, autoincrement=False, server_default="-1"),
    Column("release_id", String(64), primary_key=True),
    Column("slot", String(16), primary_key=True),
    Column("variant", String(64), primary_key=True),
    Column("route", String(16), primary_key=True),
    Column("segment", String(16), primary_key=True),
    Column("metrics", JSON, nullable=False),
    Column("computed_at", Double, nullable=False),
)
