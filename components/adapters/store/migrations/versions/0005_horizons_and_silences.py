"""The horizon that hourly sums were made with, and silences of rules.

Sums that do not say with what horizon they were made are dropped: the next monitor run makes them anew from the log.
The monitor of an older release may still write some; they say -1, and nobody reads them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.drop_table("hourly_rollups")
    _make_rollups(sa.Column("horizon_seconds", sa.Double(), server_default="-1", nullable=False))
    op.create_table(
        "alert_silences",
        sa.Column("silence_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("silence_id", name=op.f("pk_alert_silences")),
    )
    op.create_index(op.f("ix_alert_silences_rule"), "alert_silences", ["rule"], unique=False)


def downgrade() -> None:
    """Drops what is new."""
    op.drop_table("alert_silences")
    op.drop_table("hourly_rollups")
    _make_rollups()


def _make_rollups(*horizon: sa.Column[float]) -> None:
    key = ["hour", *(column.name for column in horizon), "release_id", "slot", "variant", "route", "segment"]
    op.create_table(
        "hourly_rollups",
        sa.Column("hour", sa.Double(), autoincrement=False, nullable=False),
        *horizon,
        sa.Column("release_id", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_hourly_rollups")),
    )
