"""Seals of bundles.

Only adds, so that the release before it runs on this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "bundle_seals",
        sa.Column("bundle_md5", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bundle_md5", name=op.f("pk_bundle_seals")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("bundle_seals")
