"""Impressions, experiments, shadow results, alerts, sums per hour, tombstones; more is known of a request.

Only adds, so that the release before it runs on this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables and the columns."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident_key", sa.String(length=256), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("resolved_at", sa.Double(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_opened_at"), "alerts", ["opened_at"], unique=False)
    op.create_index(op.f("ix_alerts_rule"), "alerts", ["rule"], unique=False)
    op.create_index(
        "uq_alerts_open_incident_key",
        "alerts",
        ["incident_key"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "evaluations",
        sa.Column("evaluation_id", sa.String(length=64), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_evaluations")),
    )
    op.create_table(
        "experiments",
        sa.Column("experiment_id", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_experiments")),
    )
    op.create_table(
        "exposures",
        sa.Column("experiment_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=256), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("release_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("n_known", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("experiment_id", "user_id", name=op.f("pk_exposures")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exposures_user_id", "exposures", ["user_id"], unique=False)
    op.create_table(
        "forgotten_users",
        sa.Column("user_digest", sa.String(length=64), nullable=False),
        sa.Column("forgotten_at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("user_digest", name=op.f("pk_forgotten_users")),
    )
    op.create_table(
        "hourly_rollups",
        sa.Column("hour", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("release_id", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "release_id", "slot", "variant", "route", "segment", name=op.f("pk_hourly_rollups")
        ),
    )
    op.create_table(
        "impressions",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("user_id", sa.String(length=256), nullable=False),
        sa.Column("shown_at", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("propensity", sa.Double(), nullable=True),
        sa.Column("release_id", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "position", name=op.f("pk_impressions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_impressions_user_id_shown_at", "impressions", ["user_id", "shown_at"], unique=False)
    op.create_table(
        "alert_deliveries",
        sa.Column("delivery_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.Double(), nullable=True),
        sa.Column("delivered_at", sa.Double(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.alert_id"], name=op.f("fk_alert_deliveries_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_alert_deliveries")),
        sa.UniqueConstraint("alert_id", "version", "channel", name=op.f("uq_alert_deliveries_alert_id")),
    )
    op.create_index(op.f("ix_alert_deliveries_next_attempt_at"), "alert_deliveries", ["next_attempt_at"], unique=False)
    op.create_table(
        "shadow_results",
        sa.Column("evaluation_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("prompt_version", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=True),
        sa.Column("explanations", sa.JSON(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.evaluation_id"],
            name=op.f("fk_shadow_results_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "request_id", "prompt_version", name=op.f("pk_shadow_results")),
    )
    op.add_column("requests", sa.Column("model_version", sa.Integer(), nullable=True))
    op.add_column("requests", sa.Column("prompt_version", sa.String(length=64), nullable=True))
    op.add_column("requests", sa.Column("experiments", sa.JSON(), nullable=True))
    op.add_column("requests", sa.Column("n_known", sa.Integer(), nullable=True))
    op.add_column("requests", sa.Column("explored_position", sa.Integer(), nullable=True))
    op.add_column("requests", sa.Column("canary", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("requests", sa.Column("llm", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drops them."""
    op.drop_column("requests", "llm")
    op.drop_column("requests", "canary")
    op.drop_column("requests", "explored_position")
    op.drop_column("requests", "n_known")
    op.drop_column("requests", "experiments")
    op.drop_column("requests", "prompt_version")
    op.drop_column("requests", "model_version")
    op.drop_table("shadow_results")
    op.drop_index(op.f("ix_alert_deliveries_next_attempt_at"), table_name="alert_deliveries")
    op.drop_table("alert_deliveries")
    op.drop_index("ix_impressions_user_id_shown_at", table_name="impressions")
    op.drop_table("impressions")
    op.drop_table("hourly_rollups")
    op.drop_table("forgotten_users")
    op.drop_index("ix_exposures_user_id", table_name="exposures")
    op.drop_table("exposures")
    op.drop_table("experiments")
    op.drop_table("evaluations")
    op.drop_index(
        "uq_alerts_open_incident_key",
        table_name="alerts",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_alerts_rule"), table_name="alerts")
    op.drop_index(op.f("ix_alerts_opened_at"), table_name="alerts")
    op.drop_table("alerts")
