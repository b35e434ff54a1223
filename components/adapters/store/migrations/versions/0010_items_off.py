"""Items that are switched off.

Only adds, so that the release before it runs on this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "items_off",
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_items_off")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("items_off")
