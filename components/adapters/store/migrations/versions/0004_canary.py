"""The share of the users who are answered by a release on trial.

Only adds, so that the release before it runs on this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the column."""
    op.add_column("routing", sa.Column("canary_weight", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("routing", "canary_weight")
